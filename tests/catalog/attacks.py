"""The ground on which attacks are tried: two projects with a row in every table, and people with every duty."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from pipeline.catalog.connect import connect
from pipeline.workflows.jobs import ensure_queue
from tests import people
from tests.conftest import other_database

Conn = psycopg.Connection[Any]

INSIDERS = ("annotator", "reviewer", "researcher", "project_admin")
EVERYBODY = (*INSIDERS, "stranger")

# To be filled with the facts of the ground: how to answer, and an answer of the annotator.
ANSWER = "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id) VALUES "
LABEL = "gen_random_uuid(), {ours}, {clip_mine}, 'human', 'label', {label_ours}"

SECRET = "secret-of-the-other-project"

# An attack that fails by these was not written well, and would prove nothing.
_MISWRITTEN = (
    *(psycopg.errors.SyntaxError, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn),
    *(psycopg.errors.UndefinedFunction, psycopg.errors.AmbiguousColumn, psycopg.errors.DatatypeMismatch),
)

# Everything that an attack may not change: all rows, all accounts, all that stands in the catalog.
_STATE = """
    SELECT 'roles', md5(string_agg(a::text, '|' ORDER BY oid)) FROM pg_authid a
    UNION ALL SELECT 'groups', md5(string_agg(concat_ws(',', roleid, member, admin_option, set_option), '|'
      ORDER BY roleid, member)) FROM pg_auth_members
    UNION ALL SELECT 'relations', md5(string_agg(concat_ws(',', oid, relname, relowner, relacl, relrowsecurity), '|'
      ORDER BY oid)) FROM pg_class WHERE relpersistence <> 't'
    UNION ALL SELECT 'functions', md5(string_agg(concat_ws(',', oid, proowner, proacl, prosrc), '|' ORDER BY oid))
      FROM pg_proc
    UNION ALL SELECT 'policies', md5(string_agg(p::text, '|' ORDER BY oid)) FROM pg_policy p
    UNION ALL SELECT 'triggers', md5(string_agg(t::text, '|' ORDER BY oid)) FROM pg_trigger t
    UNION ALL SELECT 'schemas', md5(string_agg(n::text, '|' ORDER BY oid)) FROM pg_namespace n
      WHERE nspname !~ '^pg_(toast_)?temp'
    UNION ALL SELECT 'databases', md5(string_agg(concat_ws(',', datname, datacl), '|' ORDER BY oid)) FROM pg_database
      WHERE datname IN (current_database(), 'postgres', 'template1')
    UNION ALL SELECT 'settings', md5(string_agg(s::text, '|' ORDER BY setdatabase, setrole)) FROM pg_db_role_setting s
    UNION ALL SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata
    UNION ALL SELECT 'prepared', count(*)::text FROM pg_prepared_xacts
    UNION ALL SELECT 'extensions', string_agg(extname, ',' ORDER BY extname) FROM pg_extension
"""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A database under attack. ``facts`` are the numbers and names that attacks are written with."""

    owner: Conn
    url: str
    people: Mapping[str, str]
    facts: Mapping[str, Any]

    def login(self, who: str) -> Conn:
        """A connection of this person over TCP, by name and password."""
        return connect(people.login_url(self.url, self.people[who]), application_name="attack")

    def state(self) -> dict[str, str]:
        """A digest of all that no attack may change."""
        tables = self.owner.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'procrastinate')"
        ).fetchall()
        parts = [_STATE]
        parts += [
            f"SELECT '{name}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t" for (name,) in tables
        ]
        return dict(self.owner.execute(" UNION ALL ".join(parts).encode()).fetchall())


def attempt(conn: Conn, statement: str) -> list[Any]:
    """What the statements gave or did, in rows; empty if the database refused or nothing was there for them."""
    gained: list[Any] = []
    try:
        if statement.startswith("COPY") and statement.endswith("STDOUT"):
            with conn.cursor().copy(statement.encode()) as copied:
                return list(copied)
        cursor = conn.execute(statement.encode())
        while True:
            if cursor.description is not None:
                gained += [row for row in cursor.fetchall() if any(value is not None for value in row)]
            elif cursor.rowcount > 0:
                gained.append((cursor.statusmessage,))
            if not cursor.nextset():
                break
    except psycopg.Error as error:
        assert not isinstance(error, _MISWRITTEN), f"the attack itself is wrong: {error}"
        assert SECRET not in str(error), "the error tells what was hidden"
    return gained


@contextmanager
def ground(server_url: str, template: str) -> Generator[Ground]:
    """A database with two projects; the attackers belong to the one called ours, or to none."""
    name = f"attacked_{uuid.uuid4().hex[:8]}"
    with connect(server_url, application_name="tests") as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
    url = other_database(server_url, name)
    made: list[str] = []
    try:
        with connect(url, application_name="tests") as owner:
            try:
                yield _made(owner, url, made)
            finally:
                for person in made:
                    people.drop_person(owner, person)
    finally:
        with connect(server_url, application_name="tests") as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _made(owner: Conn, url: str, made: list[str]) -> Ground:
    ensure_queue(owner)
    ours, theirs = (_one(owner, f"SELECT add_project('{name}', '{{}}')") for name in ("ours", "theirs"))
    who: dict[str, str] = {}
    for role, project_id, duty in (
        *(("annotator", ours, "annotator"), ("reviewer", ours, "reviewer"), ("researcher", ours, "researcher")),
        *(("project_admin", ours, "admin"), ("stranger", ours, None), ("colleague", ours, "researcher")),
        *(("victim", theirs, "researcher"), ("bystander", theirs, "annotator")),
    ):
        made.append(people.add_person(owner, project_id, duty))  # pyright: ignore[reportArgumentType]
        who[role] = made[-1]
    lab_admin = people.add_person(owner, ours, None, is_admin=True)
    made.append(lab_admin)
    who["lab_admin"] = lab_admin
    facts: dict[str, Any] = {**who, "ours": ours, "theirs": theirs, "owner": owner.info.user}
    for suffix, project_id, author in (("ours", ours, "colleague"), ("theirs", theirs, "victim")):
        facts |= {
            f"{key}_{suffix}": value
            for key, value in _fill(
                owner, project_id, who[author], word=SECRET if suffix == "theirs" else "known"
            ).items()
        }
    _hand_out(owner, who["annotator"], facts["clips_ours"][0])
    facts["clip_mine"], facts["clip_held"], facts["clip_answered"], facts["clip_free"] = facts["clips_ours"]
    facts["clip_theirs"] = facts["clips_theirs"][1]
    owner.execute("ANALYZE")
    return Ground(owner=owner, url=url, people=who, facts=facts)


def _hand_out(owner: Conn, person: str, clip_id: int) -> None:
    owner.execute("UPDATE review SET claimed_by = NULL, claimed_until = NULL WHERE clip_id = %s", (clip_id,))
    claimed = _as(owner, person, "SELECT clip_id FROM claim_reviews((SELECT project_id FROM project), 1, '{}', 240)")
    assert claimed == clip_id


def _one(conn: Conn, statement: str, *values: Any) -> Any:
    row = conn.execute(statement.encode(), values or None).fetchone()
    return row[0] if row is not None else None


def _as(owner: Conn, person: str, statement: str, *values: Any) -> Any:
    owner.execute(SQL("SET SESSION AUTHORIZATION {}").format(Identifier(person)))
    try:
        return _one(owner, statement, *values)
    finally:
        owner.execute("RESET SESSION AUTHORIZATION")


def _fill(owner: Conn, project: int, author: str, *, word: str) -> dict[str, Any]:
    """One row at least in every table, most of them written by the author; what the rows are called."""

    def add(table: str, returning: str, **values: Any) -> Any:
        columns = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        statement = f"INSERT INTO {table} (project_id, {columns}) VALUES (%s, {marks}) RETURNING {returning}"
        return _as(owner, author, statement, project, *values.values())

    hash_ = b"\1" * 32
    label = add("label", "label_id", name=word, position=0)
    job = add("job", "job_id", verbs='[["cut"]]')
    operation = add("operation", "operation_id", action="cut", spec=f'{{"x": "{word}"}}', job_id=job)
    ended = add("operation", "operation_id", action="cut", spec="{}")
    add("progress", "1", operation_id=operation, stage=word, n_done=1, n_failed=0)
    add("operation_outcome", "1", operation_id=ended, status="done", n_input=0, n_done=0, n_unchanged=0, n_failed=0)
    add("failure", "1", operation_id=ended, stage="cut", item=word, error="E", message=word)
    source = add("source", "source_id", uri=f"/nas/{word}", label_rules="{}")
    sound = {"rate_hz": 48_000, "n_channels": 1, "n_samples": 48_000}
    recording = add(
        "recording",
        "recording_id",
        **{"uri": f"/nas/{word}/a.wav", "name": word, "size_bytes": 9, "mtime_ns": 9, "file_sha256": hash_},
        **{"pcm_sha256": hash_, "container": "WAV", "codec": "PCM", **sound, "clipped_ratio": 0, "dc_offset": 0},
        **{"n_not_finite": 0, "operation_id": ended, "source_id": source},
    )
    add("recording_label", "1", recording_id=recording, label_id=label, source="folder")
    cut = add("cut", "cut_id", recording_id=recording, spec="{}", spec_sha256=hash_, n_clips=4, operation_id=ended)
    clips = [
        add(
            "clip",
            "clip_id",
            **{"recording_id": recording, "cut_id": cut, "start_sample": n, "stop_sample": n + 10, **sound},
            **{"object_key": f"{word}/{n}", "sha256": hash_, "thumbnail": word.encode()},
        )
        for n in range(4)
    ]
    add("problem", "1", recording_id=recording, clip_id=clips[0], kind="quiet", message=word)
    encoder = add("encoder", "encoder_id", spec="{}", spec_sha256=hash_, n_dims=2, is_current=True)
    add("embedding", "1", encoder_id=encoder, clip_id=clips[0], vector="[1,2]")
    add("map_point", "1", encoder_id=encoder, clip_id=clips[0], x=1, y=2)
    group = add("duplicate_group", "duplicate_group_id", representative_clip_id=clips[0], operation_id=ended)
    add("duplicate", "1", clip_id=clips[1], duplicate_group_id=group, distance=0, reason=word, lag_s=0,
        finding="identical")  # fmt: skip
    add("fingerprint", "1", clip_id=clips[1], method=word, marks=word.encode())
    add("duplicate_decision", "1", clip_id=clips[1], decision="restore")
    selection = add("selection", "selection_id", name=word, spec="{}", operation_id=ended)
    add("selection_item", "1", selection_id=selection, clip_id=clips[0], position=0, reason=word)
    reviews = [add("review", "review_id", clip_id=c, position=n, reason=word, operation_id=ended)
               for n, c in enumerate(clips)]  # fmt: skip
    # The first two are held by the author, the third is answered, the last waits.
    _as(owner, author, "SELECT count(*) FROM claim_reviews(%s, 2, '{}', 240)", project)
    ids = {name: uuid.uuid4() for name in ("annotation", "flag")}
    add("annotation", "1", annotation_id=ids["annotation"], clip_id=clips[2], source="human", answer="label",
        label_id=label)  # fmt: skip
    add("flag", "1", flag_id=ids["flag"], clip_id=clips[2], is_raised=True)
    add("consensus", "1", clip_id=clips[2], answer="label", label_id=label, confidence=1, n_votes=1, is_disputed=False)
    add("gold", "1", gold_id=uuid.uuid4(), clip_id=clips[1], is_gold=True, answer="label", label_id=label)
    add("suspect", "1", clip_id=clips[0], position=0, score=0.5, given_label_id=label, suggested_label_id=label,
        given_probability=0.2, suggested_probability=0.7, n_near=1, n_near_given=0, n_near_suggested=1, reason=word,
        operation_id=ended)  # fmt: skip
    ids["verdict"] = uuid.uuid4()
    add("verdict", "1", verdict_id=ids["verdict"], clip_id=clips[1], doubt="suspect", verdict="unsure")
    add("queue_plan", "1", strategy="{}", audit_share=0, overlap_share=0, n_people=2, operation_id=ended)
    dataset = add("dataset", "dataset_id", name="birds")
    version = _version(owner, author, project, dataset, operation=ended, clip=clips[2])
    augmentation = add(
        "augmentation", "augmentation_id", name="noisy", spec="{}", spec_sha256=hash_, operation_id=ended
    )
    add("augmented_clip", "1", augmentation_id=augmentation, clip_id=clips[2], position=0, spec="{}", seed=1,
        sha256=hash_, **sound)  # fmt: skip
    return {
        **{"label": label, "job": job, "operation": operation, "ended": ended, "source": source, "cut": cut},
        **{"recording": recording, "clips": clips, "encoder": encoder, "group": group, "selection": selection},
        **{"reviews": reviews, "dataset": dataset, "version": version, "augmentation": augmentation, **ids},
    }


def _version(owner: Conn, author: str, project: int, dataset: int, *, operation: int, clip: int) -> int:
    with owner.transaction():
        version = _as(
            owner,
            author,
            "INSERT INTO dataset_version (project_id, dataset_id, version, spec, n_items, manifest_sha256, "
            "operation_id) VALUES (%s, %s, 1, '{}', 1, %s, %s) RETURNING dataset_version_id",
            *(project, dataset, b"\1" * 32, operation),
        )
        _as(
            owner,
            author,
            "INSERT INTO dataset_item (dataset_version_id, clip_id, project_id, split, label, confidence, n_votes, "
            "object_key, sha256, rate_hz, n_channels, n_samples, recording_uri, start_sample, stop_sample, "
            "split_group) VALUES (%s, %s, %s, 'train', 'x', 1, 1, 'k', %s, 1, 1, 1, 'u', 0, 1, 'g') RETURNING 1",
            *(version, clip, project, b"\1" * 32),
        )
    return version
