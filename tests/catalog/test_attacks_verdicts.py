"""Who settles what is not theirs to settle, and who reads what would make a blind answer seeing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.catalog.attacks import EVERYBODY, Ground, attempt, ground

BELOW = ("annotator", "stranger")
TABLES = ("gold", "suspect", "verdict", "queue_plan")
_VERDICT = "INSERT INTO verdict (verdict_id, project_id, clip_id, doubt, verdict, label_id, supersedes) VALUES "
_SUSPECT = (
    "INSERT INTO suspect (project_id, clip_id, position, score, given_label_id, suggested_label_id, given_probability, "
    "suggested_probability, n_near, n_near_given, n_near_suggested, reason, operation_id) VALUES "
)
_PLAN = (
    "INSERT INTO queue_plan (project_id, strategy, audit_share, overlap_share, n_people, operation_id) "
    "VALUES ({}, '{{{{}}}}', 0, 0, 2, {})"
)


@pytest.fixture(scope="module")
def field(database_url: str, template_database: str) -> Iterator[Ground]:
    with ground(database_url, template_database) as made:
        yield made


# Who tries, and what. Nobody of them gains a row or changes anything.
_TRICKS: dict[str, tuple[tuple[str, ...], str]] = {
    **{f"{table}_read": (BELOW, f"SELECT 1 FROM {table}") for table in TABLES},
    **{f"{table}_counted": (BELOW, f"SELECT 1 FROM {table} HAVING count(*) > 0") for table in TABLES},
    **{f"{table}_emptied": (BELOW, f"DELETE FROM {table}") for table in TABLES},
    **{f"{table}_of_theirs": (EVERYBODY, f"SELECT 1 FROM {table} WHERE project_id = {{theirs}}") for table in TABLES},
    **{
        f"{table}_of_theirs_emptied": (EVERYBODY, f"DELETE FROM {table} WHERE project_id = {{theirs}}")
        for table in TABLES
    },
    **{f"{table}_truncated": (EVERYBODY, f"TRUNCATE {table} CASCADE") for table in TABLES},
    **{f"{table}_taken_over": (EVERYBODY, f"UPDATE {table} SET author = session_user") for table in TABLES},
    "verdict_changed": (EVERYBODY, "UPDATE verdict SET verdict = 'bad_audio'"),
    "verdict_deleted": (EVERYBODY, "DELETE FROM verdict"),
    "gold_changed": (EVERYBODY, "UPDATE gold SET label_id = {label_ours}"),
    "gold_deleted": (EVERYBODY, "DELETE FROM gold"),
    "suspect_changed": (EVERYBODY, "UPDATE suspect SET score = 1"),
    "verdict_given": (
        BELOW,
        f"{_VERDICT}(gen_random_uuid(), {{ours}}, {{clip_mine}}, 'suspect', 'confirmed', {{label_ours}}, NULL)",
    ),
    "verdict_on_their_clip": (
        EVERYBODY,
        f"{_VERDICT}(gen_random_uuid(), {{ours}}, {{clip_theirs}}, 'suspect', 'unsure', NULL, NULL)",
    ),
    "verdict_in_their_project": (
        EVERYBODY,
        f"{_VERDICT}(gen_random_uuid(), {{theirs}}, {{clip_theirs}}, 'suspect', 'unsure', NULL, NULL)",
    ),
    "verdict_with_their_label": (
        EVERYBODY,
        f"{_VERDICT}(gen_random_uuid(), {{ours}}, {{clip_free}}, 'suspect', 'relabelled', {{label_theirs}}, NULL)",
    ),
    "verdict_of_another_withdrawn": (
        EVERYBODY,
        f"{_VERDICT}(gen_random_uuid(), {{ours}}, {{clip_held}}, 'suspect', 'withdrawn', NULL, '{{verdict_ours}}')",
    ),
    "verdict_of_theirs_withdrawn": (
        EVERYBODY,
        f"{_VERDICT}(gen_random_uuid(), {{ours}}, {{clip_held}}, 'suspect', 'withdrawn', NULL, '{{verdict_theirs}}')",
    ),
    "verdict_of_anothers_id": (
        EVERYBODY,
        f"{_VERDICT}('{{verdict_ours}}', {{ours}}, {{clip_free}}, 'suspect', 'unsure', NULL, NULL) "
        "ON CONFLICT (verdict_id) DO UPDATE SET verdict = 'unsure'",
    ),
    "verdict_by_another": (
        EVERYBODY,
        "INSERT INTO verdict (verdict_id, project_id, clip_id, doubt, verdict, author) "
        "VALUES (gen_random_uuid(), {ours}, {clip_free}, 'suspect', 'unsure', '{colleague}')",
    ),
    "last_word_of_an_annotator": (
        BELOW,
        "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id, settles) "
        "VALUES (gen_random_uuid(), {ours}, {clip_mine}, 'human', 'label', {label_ours}, true)",
    ),
    "suspicion_raised": (
        BELOW,
        f"{_SUSPECT}({{ours}}, {{clip_free}}, 1, 1, {{label_ours}}, {{label_ours}}, 0, 1, 1, 0, 1, 'x', "
        "{ended_ours})",
    ),
    "suspicion_on_their_clip": (
        EVERYBODY,
        f"{_SUSPECT}({{ours}}, {{clip_theirs}}, 1, 1, {{label_ours}}, {{label_ours}}, 0, 1, 1, 0, 1, 'x', "
        "{ended_ours})",
    ),
    "suspicion_by_their_run": (
        EVERYBODY,
        f"{_SUSPECT}({{ours}}, {{clip_free}}, 1, 1, {{label_ours}}, {{label_ours}}, 0, 1, 1, 0, 1, 'x', "
        "{ended_theirs})",
    ),
    "gold_declared": (
        BELOW,
        "INSERT INTO gold (gold_id, project_id, clip_id, is_gold, answer, label_id) "
        "VALUES (gen_random_uuid(), {ours}, {clip_mine}, true, 'label', {label_ours})",
    ),
    "gold_on_their_clip": (
        EVERYBODY,
        "INSERT INTO gold (gold_id, project_id, clip_id, is_gold, answer, label_id) "
        "VALUES (gen_random_uuid(), {ours}, {clip_theirs}, true, 'label', {label_ours})",
    ),
    "plan_written_below": (BELOW, _PLAN.format("{ours}", "{ended_ours}")),
    "plan_of_theirs": (EVERYBODY, _PLAN.format("{theirs}", "{ended_theirs}")),
    "plan_moved": (EVERYBODY, "UPDATE queue_plan SET project_id = {theirs}"),
    "plan_rewritten": (EVERYBODY, "UPDATE queue_plan SET audit_share = 1"),
    "plan_stopped_below": (BELOW, "UPDATE queue_plan SET is_live = false"),
    "who_answered_first": (BELOW, "SELECT answered_by FROM review"),
    "how_many_are_asked": (BELOW, "SELECT n_wanted FROM review"),
}


@pytest.mark.parametrize("trick", _TRICKS)
def test_no_trick_settles_or_shows_anything(field: Ground, trick: str) -> None:
    before = field.state()
    tried_by, statement = _TRICKS[trick]
    for who in tried_by:
        with field.login(who) as conn:
            assert attempt(conn, statement.format(**field.facts)) == [], who
    assert field.state() == before


def test_a_reviewer_reads_what_the_tricks_go_for(field: Ground) -> None:
    with field.login("reviewer") as conn:
        for table in TABLES:
            assert attempt(conn, f"SELECT 1 FROM {table}") == [(1,)], table
        assert attempt(conn, "SELECT 1 FROM review WHERE n_wanted > 0 AND answered_by <> '{}'") == [(1,)]
