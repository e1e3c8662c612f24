"""Fixtures that several tests of the dashboards' states share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.session import Session
from tests.apps.digits import make_digits
from tests.apps.made import Made, open_made
from tests.conftest import other_database


@pytest.fixture(scope="session")
def digits_made(
    database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory, test_data: Path
) -> Iterator[Made]:
    with make_digits(database_url, template_database, tmp_path_factory.mktemp("digits"), test_data) as made:
        yield made


@pytest.fixture
def digits_session(digits_made: Made) -> Iterator[Session]:
    """What a test does here is undone; other connections do not see it."""
    with (
        open_made(other_database(digits_made.server_url, digits_made.database), digits_made.folder) as session,
        session.workspace.conn.transaction(force_rollback=True),
    ):
        yield session
