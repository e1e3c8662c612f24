"""Promises of pipeline/catalog/connect.py and halfvec.py."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psycopg
import pytest

from pipeline.catalog.connect import connect
from pipeline.catalog.halfvec import HalfVec, register_halfvec
from pipeline.core.errors import CatalogError, DatabaseUnavailable
from tests.conftest import other_database

VECTOR = np.array([0.0, 1.0, -0.5, 65504.0, 1e-3], dtype=np.float32)


def test_connection_is_autocommit_utf8_and_carries_its_name(bare_database: str) -> None:
    with connect(bare_database, application_name="earmark review") as conn:
        assert conn.autocommit
        assert conn.info.encoding == "utf-8"
        assert conn.execute("SHOW application_name").fetchone() == ("earmark review",)
        assert conn.execute("SELECT 'größe, 音'").fetchone() == ("größe, 音",)


def test_a_temporary_table_never_stands_in_for_a_real_one(bare_database: str) -> None:
    with connect(bare_database, application_name="tests") as conn:
        conn.execute("CREATE TABLE clip AS SELECT 'real' AS which")
        conn.execute("CREATE TEMP TABLE clip AS SELECT 'temporary' AS which")
        assert conn.execute("SELECT which FROM clip").fetchone() == ("real",)


def test_options_of_the_url_are_kept(bare_database: str) -> None:
    with connect(f"{bare_database}&options=-c%20statement_timeout%3D1234", application_name="tests") as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("1234ms",)


def test_wrong_password_is_named_but_never_shown(database_url: str) -> None:
    password = urlsplit(database_url).password
    assert password
    with pytest.raises(DatabaseUnavailable, match="check the name and the password") as caught:
        connect(database_url.replace(password, "s3cret-guess"), application_name="tests")
    assert "s3cret" not in str(caught.value)


def test_missing_database_is_named(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"nowhere.*does not exist"):
        connect(other_database(database_url, "nowhere"), application_name="tests")


def test_nobody_listening_gives_one_sentence_with_host_and_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(DatabaseUnavailable, match=rf"127\.0\.0\.1:{port}/x.*check that the server runs") as caught:
            connect(f"postgresql://me:s3cret@127.0.0.1:{port}/x", application_name="tests")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://me:s3@cret@host/x", "postgresql://me:s3cret%zz@host/x", "s3cret"])
def test_malformed_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot read the database URL") as caught:
        connect(url, application_name="tests")
    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.fixture
def vectors(bare_database: str) -> Any:
    with connect(bare_database, application_name="tests") as conn:
        conn.execute("CREATE EXTENSION vector")
        conn.execute("CREATE TABLE embedding (id bigint, v halfvec(5))")
        register_halfvec(conn)
        yield conn


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("placeholder", ["%t", "%b"])
def test_halfvec_comes_back_as_float32(vectors: psycopg.Connection[Any], placeholder: str, is_binary: bool) -> None:
    vectors.execute(f"INSERT INTO embedding VALUES (1, {placeholder})".encode(), [HalfVec(VECTOR)])
    row = vectors.cursor(binary=is_binary).execute("SELECT v FROM embedding").fetchone()
    assert row[0].dtype == np.float32
    np.testing.assert_array_equal(row[0], VECTOR.astype(np.float16).astype(np.float32))


def test_halfvec_travels_by_binary_copy_both_ways(vectors: psycopg.Connection[Any]) -> None:
    with vectors.cursor().copy("COPY embedding FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "halfvec"])
        for i in range(3):
            copy.write_row((i, HalfVec(VECTOR * 0 + i)))
    with vectors.cursor().copy("COPY (SELECT v FROM embedding ORDER BY id) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(["halfvec"])
        assert [row[0].tolist() for row in copy.rows()] == [[i] * 5 for i in range(3)]


def test_a_later_connection_speaks_halfvec_by_itself(vectors: psycopg.Connection[Any], bare_database: str) -> None:
    with connect(bare_database, application_name="tests") as conn:
        row = conn.execute("SELECT %s <=> '[1,0]'::halfvec, NULL::halfvec", [HalfVec(np.float32([1, 0]))]).fetchone()
        assert row == (0.0, None)


def test_database_without_pgvector_says_what_to_do(bare_database: str) -> None:
    with (
        connect(bare_database, application_name="tests") as conn,
        pytest.raises(CatalogError, match="CREATE EXTENSION vector"),
    ):
        register_halfvec(conn)


@pytest.mark.parametrize("values", [[1e6], [np.nan], [], [[1.0]], [0.0] * 16_001])
def test_what_halfvec_cannot_hold_is_refused(values: list[Any]) -> None:
    with pytest.raises(CatalogError):
        HalfVec(np.array(values, dtype=np.float32))
