"""Who changes what is not theirs: rows of others, history, claims, runs, jobs, accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.catalog.attacks import ANSWER, EVERYBODY, INSIDERS, LABEL, Ground, attempt, ground

ANNOTATOR, REVIEWER, RESEARCHER = ("annotator",), ("annotator", "reviewer"), ("annotator", "reviewer", "researcher")
_FORGED = "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id, {}) VALUES "


@pytest.fixture(scope="module")
def field(database_url: str, template_database: str) -> Iterator[Ground]:
    with ground(database_url, template_database) as made:
        yield made


# Who tries, and what. Nobody of them gains a row or changes anything.
_TRICKS: dict[str, tuple[tuple[str, ...], str]] = {
    # History
    "update_annotation": (EVERYBODY, "UPDATE annotation SET answer = 'unsure', label_id = NULL"),
    "update_annotation_author": (EVERYBODY, "UPDATE annotation SET author = session_user"),
    "delete_annotation": (EVERYBODY, "DELETE FROM annotation"),
    "truncate_annotation": (EVERYBODY, "TRUNCATE annotation CASCADE"),
    "update_view": (EVERYBODY, "UPDATE current_annotation SET answer = 'unsure'"),
    "delete_by_view": (EVERYBODY, "DELETE FROM current_annotation"),
    "update_operation": (EVERYBODY, "UPDATE operation SET action = 'nothing'"),
    "delete_operation": (EVERYBODY, "DELETE FROM operation"),
    "truncate_operation": (EVERYBODY, "TRUNCATE operation CASCADE"),
    "update_outcome": (EVERYBODY, "UPDATE operation_outcome SET status = 'failed'"),
    "delete_outcome": (EVERYBODY, "DELETE FROM operation_outcome"),
    "delete_flag": (EVERYBODY, "DELETE FROM flag"),
    "update_flag": (EVERYBODY, "UPDATE flag SET is_raised = false"),
    "delete_decision": (EVERYBODY, "DELETE FROM duplicate_decision"),
    "delete_version": (EVERYBODY, "DELETE FROM dataset_version"),
    "update_version": (EVERYBODY, "UPDATE dataset_version SET n_items = 2"),
    "delete_item": (EVERYBODY, "DELETE FROM dataset_item"),
    "update_item": (EVERYBODY, "UPDATE dataset_item SET label = 'other'"),
    "erasing_by_setting": (EVERYBODY, "SET earmark.erasing = on; DELETE FROM annotation"),
    "erasing_the_log": (EVERYBODY, "SET earmark.erasing = on; DELETE FROM operation_outcome; DELETE FROM operation"),
    "replica_role": (EVERYBODY, "SET session_replication_role = replica; DELETE FROM annotation"),
    "disable_trigger": (EVERYBODY, "ALTER TABLE annotation DISABLE TRIGGER ALL"),
    "disable_security": (EVERYBODY, "ALTER TABLE annotation DISABLE ROW LEVEL SECURITY"),
    "drop_policy": (EVERYBODY, "DROP POLICY annotation_own ON annotation"),
    "new_policy": (EVERYBODY, "CREATE POLICY mine ON annotation USING (true)"),
    "drop_table": (EVERYBODY, "DROP TABLE flag"),
    "replace_function": (
        EVERYBODY,
        "CREATE OR REPLACE FUNCTION is_lab_admin() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    ),
    "alter_function": (EVERYBODY, "ALTER FUNCTION my_projects(text) SECURITY INVOKER"),
    "replace_view": (EVERYBODY, "ALTER VIEW current_annotation SET (security_invoker = false)"),
    "log_of_accounts_written": (EVERYBODY, "INSERT INTO admin_act (act) VALUES ('add_person')"),
    "log_of_accounts_cleared": (EVERYBODY, "DELETE FROM admin_act"),
    "journal_cleared": (EVERYBODY, "DELETE FROM schema_migration"),
    # Forgery
    "forged_author": (EVERYBODY, f"{_FORGED.format('author')}({LABEL}, '{{colleague}}')"),
    "forged_time": (EVERYBODY, f"{_FORGED.format('created_at')}({LABEL}, '2001-01-01')"),
    "forged_operation_number": (
        EVERYBODY,
        "INSERT INTO operation (operation_id, project_id, action, spec) OVERRIDING SYSTEM VALUE "
        "VALUES (99999, {ours}, 'cut', '{{}}')",
    ),
    "forged_job_number": (
        EVERYBODY,
        "INSERT INTO job (job_id, project_id, verbs) OVERRIDING SYSTEM VALUE VALUES (99999, {ours}, '[[\"cut\"]]')",
    ),
    "forged_author_of_run": (
        EVERYBODY,
        "INSERT INTO operation (project_id, action, spec, author) VALUES ({ours}, 'cut', '{{}}', '{colleague}')",
    ),
    "own_clip_in_their_project": (
        EVERYBODY,
        f"{ANSWER}(gen_random_uuid(), {{theirs}}, {{clip_mine}}, 'human', 'unsure', NULL)",
    ),
    "their_clip_in_own_project": (
        EVERYBODY,
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_theirs}}, 'human', 'unsure', NULL)",
    ),
    "their_clip_in_their_project": (
        EVERYBODY,
        f"{ANSWER}(gen_random_uuid(), {{theirs}}, {{clip_theirs}}, 'human', 'unsure', NULL)",
    ),
    "their_label_on_own_clip": (
        EVERYBODY,
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_mine}}, 'human', 'label', {{label_theirs}})",
    ),
    "clip_never_assigned": (
        (*ANNOTATOR, "stranger"),
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_free}}, 'human', 'unsure', NULL)",
    ),
    "clip_held_by_another": (
        (*ANNOTATOR, "stranger"),
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_held}}, 'human', 'unsure', NULL)",
    ),
    "flag_never_assigned": (
        (*ANNOTATOR, "stranger"),
        "INSERT INTO flag (flag_id, project_id, clip_id, is_raised) "
        "VALUES (gen_random_uuid(), {ours}, {clip_free}, true)",
    ),
    "flag_theirs": (
        EVERYBODY,
        "INSERT INTO flag (flag_id, project_id, clip_id, is_raised) "
        "VALUES (gen_random_uuid(), {ours}, {clip_theirs}, true)",
    ),
    "answer_of_a_model": (
        REVIEWER,
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_mine}}, 'model', 'label', {{label_ours}})",
    ),
    "answer_that_the_file_carried": (
        REVIEWER,
        f"{ANSWER}(gen_random_uuid(), {{ours}}, {{clip_mine}}, 'folder', 'label', {{label_ours}})",
    ),
    "supersede_another_persons": (
        EVERYBODY,
        "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, supersedes) "
        "VALUES (gen_random_uuid(), {ours}, {clip_answered}, 'human', 'withdrawn', '{annotation_ours}')",
    ),
    "supersede_theirs": (
        EVERYBODY,
        "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, supersedes) "
        "VALUES (gen_random_uuid(), {ours}, {clip_mine}, 'human', 'withdrawn', '{annotation_theirs}')",
    ),
    "supersede_itself": (
        EVERYBODY,
        "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, supersedes) VALUES "
        "('00000000-0000-4000-8000-000000000001', {ours}, {clip_mine}, 'human', 'withdrawn', "
        "'00000000-0000-4000-8000-000000000001')",
    ),
    "same_id_as_anothers": (
        EVERYBODY,
        f"{ANSWER}('{{annotation_ours}}', {{ours}}, {{clip_mine}}, 'human', 'unsure', NULL) "
        "ON CONFLICT (annotation_id) DO UPDATE SET answer = 'unsure', label_id = NULL",
    ),
    "old_snapshot": (
        INSIDERS,
        f"BEGIN ISOLATION LEVEL REPEATABLE READ; {ANSWER}({LABEL}); COMMIT",
    ),
    "copied_in": (EVERYBODY, "COPY annotation FROM PROGRAM 'echo'"),
    # Structure of other projects
    "their_clip": (EVERYBODY, "UPDATE clip SET is_active = false WHERE project_id = {theirs}"),
    "their_project": (EVERYBODY, "UPDATE project SET recipe = '{{}}' WHERE project_id = {theirs}"),
    "their_label_set": (EVERYBODY, "INSERT INTO label (project_id, name, position) VALUES ({theirs}, 'x', 9)"),
    "clip_of_their_recording": (
        EVERYBODY,
        "INSERT INTO problem (project_id, recording_id, kind, message) VALUES ({ours}, {recording_theirs}, 'x', 'x')",
    ),
    "cut_of_their_recording": (
        EVERYBODY,
        "INSERT INTO cut (project_id, recording_id, spec, spec_sha256, n_clips, operation_id) "
        "VALUES ({ours}, {recording_theirs}, '{{}}', 'x', 1, {ended_ours})",
    ),
    "consensus_on_their_clip": (
        EVERYBODY,
        "INSERT INTO consensus (clip_id, project_id, answer, confidence, n_votes, is_disputed) "
        "VALUES ({clip_theirs}, {ours}, 'unsure', 1, 1, false)",
    ),
    "embedding_of_their_clip": (
        EVERYBODY,
        "INSERT INTO embedding (encoder_id, clip_id, project_id, vector) "
        "VALUES ({encoder_ours}, {clip_theirs}, {ours}, '[1,2]')",
    ),
    "their_clip_selected": (
        EVERYBODY,
        "INSERT INTO selection_item (selection_id, clip_id, project_id, position, reason) "
        "VALUES ({selection_ours}, {clip_theirs}, {ours}, 1, 'x')",
    ),
    "their_source_taken": (EVERYBODY, "UPDATE recording SET source_id = {source_theirs}"),
    "their_selection_deleted": (EVERYBODY, "DELETE FROM selection WHERE project_id = {theirs}"),
    "their_groups_deleted": (EVERYBODY, "DELETE FROM duplicate_group WHERE project_id = {theirs}"),
    "row_moved_to_them": (EVERYBODY, "UPDATE clip SET project_id = {theirs}"),
    "clip_pointed_elsewhere": (EVERYBODY, "UPDATE clip SET object_key = 'x'"),
    "frozen_version_grows": (
        EVERYBODY,
        "INSERT INTO dataset_item (dataset_version_id, clip_id, project_id, split, label, confidence, n_votes, "
        "object_key, sha256, rate_hz, n_channels, n_samples, recording_uri, start_sample, stop_sample, split_group) "
        "VALUES ({version_ours}, {clip_mine}, {ours}, 'train', 'x', 1, 1, 'k', 'x', 1, 1, 1, 'u', 0, 1, 'g')",
    ),
    # Claims
    "claim_taken_by_update": (EVERYBODY, "UPDATE review SET claimed_by = session_user, claimed_until = 'infinity'"),
    "claim_lifted": (EVERYBODY, "UPDATE review SET claimed_until = now() WHERE clip_id = {clip_held}"),
    "settled_by_update": (EVERYBODY, "UPDATE review SET state = 'answered'"),
    "held_review_deleted": (EVERYBODY, "DELETE FROM review WHERE clip_id = {clip_held}"),
    "skip_anothers": (EVERYBODY, "SELECT 1 FROM skip_review({ours}, {clip_held}) x WHERE x IS NULL"),
    "skip_theirs": (EVERYBODY, "SELECT 1 FROM skip_review({theirs}, {clip_theirs}) x WHERE x IS NULL"),
    "skip_without_project": (EVERYBODY, "SELECT 1 FROM skip_review(NULL, {clip_held}) x WHERE x IS NULL"),
    "claim_in_no_project": (EVERYBODY, "SELECT * FROM claim_reviews(NULL, 9, '{{}}', 30)"),
    "claim_in_their_project": (EVERYBODY, "SELECT * FROM claim_reviews({theirs}, 9, '{{}}', 30)"),
    "claim_without_number": (EVERYBODY, "SELECT * FROM claim_reviews({ours}, NULL, '{{}}', 30)"),
    "claim_less_than_nothing": (EVERYBODY, "SELECT * FROM claim_reviews({ours}, -5, '{{}}', 30)"),
    "review_that_somebody_holds": (
        EVERYBODY,
        "INSERT INTO review (project_id, clip_id, position, reason, operation_id, claimed_by, claimed_until) "
        "VALUES ({ours}, {clip_free}, 0, 'x', {ended_ours}, '{colleague}', 'infinity')",
    ),
    "assigned_to_oneself": (
        EVERYBODY,
        "INSERT INTO assignment (clip_id, person, project_id) VALUES ({clip_free}, session_user, {ours})",
    ),
    # Runs and jobs
    "end_of_anothers_run": (
        EVERYBODY,
        "INSERT INTO operation_outcome (operation_id, project_id, status, n_input, n_done, n_unchanged, n_failed) "
        "VALUES ({operation_ours}, {ours}, 'failed', 0, 0, 0, 0)",
    ),
    "end_of_their_run": (
        EVERYBODY,
        "INSERT INTO operation_outcome (operation_id, project_id, status, n_input, n_done, n_unchanged, n_failed) "
        "VALUES ({operation_theirs}, {ours}, 'failed', 0, 0, 0, 0)",
    ),
    "progress_of_anothers_run": (RESEARCHER, "UPDATE progress SET n_done = 9, stage = 'forged'"),
    "run_for_anothers_job": (
        EVERYBODY,
        "SET earmark.job_id = '{job_ours}'; INSERT INTO operation (project_id, action, spec, job_id) "
        "VALUES ({ours}, 'cut', '{{}}', current_setting('earmark.job_id')::bigint)",
    ),
    "run_for_their_job": (
        EVERYBODY,
        "INSERT INTO operation (project_id, action, spec, job_id) VALUES ({ours}, 'cut', '{{}}', {job_theirs})",
    ),
    "job_changed": (EVERYBODY, "UPDATE job SET verbs = '[[\"export\"]]'"),
    "job_taken": (EVERYBODY, "UPDATE job SET author = session_user"),
    "job_moved": (EVERYBODY, "UPDATE job SET project_id = {theirs}"),
    "job_of_another_ended": (REVIEWER, "UPDATE job SET state = 'done' WHERE job_id = {job_ours}"),
    "job_of_theirs_ended": (EVERYBODY, "UPDATE job SET state = 'done' WHERE job_id = {job_theirs}"),
    "job_deleted": (EVERYBODY, "DELETE FROM job"),
    "job_in_their_project": (EVERYBODY, "INSERT INTO job (project_id, verbs) VALUES ({theirs}, '[[\"cut\"]]')"),
    "job_by_another": (
        EVERYBODY,
        "INSERT INTO job (project_id, verbs, author) VALUES ({ours}, '[[\"cut\"]]', '{colleague}')",
    ),
    "anothers_job_queued": (EVERYBODY, "SELECT queue_job({job_ours}, 'earmark', 'earmark.carry')"),
    "their_job_queued": (EVERYBODY, "SELECT queue_job({job_theirs}, 'earmark', 'earmark.carry')"),
    "another_task_queued": (EVERYBODY, "SELECT queue_job({job_ours}, 'earmark', 'builtin:remove_old_jobs')"),
    "queue_itself": (
        EVERYBODY,
        "INSERT INTO procrastinate.procrastinate_jobs (queue_name, task_name) VALUES ('earmark', 'earmark.carry')",
    ),
    "queue_emptied": (EVERYBODY, "DELETE FROM procrastinate.procrastinate_jobs"),
    "queue_called": (EVERYBODY, "SELECT procrastinate.procrastinate_fetch_job_v2(NULL, 1)"),
    "rules_of_anothers_source": (RESEARCHER, "UPDATE source SET then_verbs = '[[\"export\"]]', watch_every_s = 1"),
    # Accounts
    "duty_to_oneself": ((*RESEARCHER, "stranger"), "SELECT grant_duty({ours}, session_user::text, 'admin')"),
    "duty_written": (
        EVERYBODY,
        "INSERT INTO member (project_id, person, duty) VALUES ({theirs}, session_user, 'admin')",
    ),
    "duty_raised": (EVERYBODY, "UPDATE member SET duty = 'admin'"),
    "duty_of_others_taken": (EVERYBODY, "DELETE FROM member"),
    "duty_in_their_project": (EVERYBODY, "SELECT grant_duty({theirs}, session_user::text, 'reviewer')"),
    "duty_that_is_none": (EVERYBODY, "SELECT grant_duty({ours}, '{colleague}', 'emperor')"),
    "duty_null": (EVERYBODY, "SELECT grant_duty({ours}, '{colleague}', NULL)"),
    "duty_to_the_owner": (EVERYBODY, "SELECT grant_duty({ours}, '{owner}', 'annotator')"),
    "duty_to_a_group": (EVERYBODY, "SELECT grant_duty({ours}, 'earmark_annotator', 'admin')"),
    "duty_to_a_server_role": (EVERYBODY, "SELECT grant_duty({ours}, 'pg_read_all_data', 'annotator')"),
    "revoke_in_their_project": (EVERYBODY, "SELECT revoke_duty({theirs}, '{victim}')"),
    "revoke_by_no_admin": (RESEARCHER, "SELECT revoke_duty({ours}, '{colleague}')"),
    "person_added": (EVERYBODY, "SELECT add_person('mallory', '{verifier}', true)"),
    "person_removed": (EVERYBODY, "SELECT remove_person('{victim}')"),
    "person_row": (EVERYBODY, "INSERT INTO person (person, is_admin) VALUES (session_user, true)"),
    "person_raised": (EVERYBODY, "UPDATE person SET is_admin = true"),
    "password_of_another": (EVERYBODY, "SELECT set_password('{victim}', '{verifier}')"),
    "password_of_the_lab_admin": (EVERYBODY, "SELECT set_password('{lab_admin}', '{verifier}')"),
    "password_of_the_owner": (EVERYBODY, "SELECT set_password('{owner}', '{verifier}')"),
    "password_null": (EVERYBODY, "SELECT set_password(NULL, '{verifier}')"),
    "password_plain": (EVERYBODY, "SELECT set_password(session_user::text, 'plain')"),
    "project_added": (EVERYBODY, "SELECT add_project('mine', '{{}}')"),
    "project_row": (EVERYBODY, "INSERT INTO project (name, recipe) VALUES ('mine', '{{}}')"),
    "project_erased": (EVERYBODY, "SELECT erase_project({theirs}, 'theirs')"),
    "own_project_erased": (EVERYBODY, "SELECT erase_project({ours}, 'ours')"),
    "project_deleted": (EVERYBODY, "DELETE FROM project"),
}
_VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAA:BBBB"


@pytest.mark.parametrize("trick", _TRICKS)
def test_no_trick_changes_anything(field: Ground, trick: str) -> None:
    before = field.state()
    tried_by, statement = _TRICKS[trick]
    for who in tried_by:
        with field.login(who) as conn:
            assert attempt(conn, statement.format(**field.facts, verifier=_VERIFIER)) == [], who
    assert field.state() == before
