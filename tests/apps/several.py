"""Several people's answers in a made project: tones without labels, a lot that is answered, gold, disputes, haste."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import add_labels
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven, Heard
from pipeline.curation.lot import audit_order
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.gold import add_gold
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue
from tests.apps.made import LABELS, login_url, write_tones

USUAL = Heard(n_plays=1, heard_s=0.4, response_ms=1_300, share=1.0)
HASTY = Heard(n_plays=1, heard_s=0.05, response_ms=120, share=0.12)


def fill_unlabelled(session: Session, n: int) -> dict[int, str]:
    """Bring in n tones without their labels, embedded and queued: what each clip holds, by its id."""
    conn, project, store = session.workspace.conn, session.project, session.workspace.store
    folder = write_tones(session.workspace.settings.workspace / "tones", n)
    ingest(conn, project, str(folder), workers=1)
    add_labels(conn, project.project_id, list(LABELS))
    cut(conn, project, store, workers=1)
    embed(conn, project, store, workers=1)
    build_queue(conn, project, strategy=PluginSpec(name="random"))
    rows = conn.execute("SELECT c.clip_id, r.name FROM clip c JOIN recording r USING (recording_id)").fetchall()
    return {clip_id: name.split("_")[0] for clip_id, name in rows}


def in_lot(session: Session, truth: dict[int, str]) -> list[int]:
    """The clips in the order of the lot."""
    return audit_order(session.project.project_id, sorted(truth))


def answer_as(
    session: Session,
    person: str | None,
    truth: dict[int, str],
    clip_ids: Sequence[int],
    *,
    wrong: Sequence[int] = (),
    heard: Heard = USUAL,
) -> None:
    """Let a person (the owner, if None) answer truly, but of some clips the next label."""
    owner, project = session.workspace.conn, session.project
    if person is None:
        answers = [_answer(clip_id, truth, wrong, heard) for clip_id in clip_ids]
        assert save_answers(owner, project, answers).refused == {}
        return
    owner.execute(
        """
        INSERT INTO assignment (clip_id, person, project_id) SELECT clip_id, %s, project_id FROM clip
        WHERE clip_id = ANY(%s) ON CONFLICT DO NOTHING
        """,
        (person, list(clip_ids)),
    )
    with connect(login_url(session.workspace.url, person), application_name="tests") as conn:
        answers = [_answer(clip_id, truth, wrong, heard) for clip_id in clip_ids]
        assert save_answers(conn, project, answers).refused == {}


def answer_as_a_team(session: Session, truth: dict[int, str], people: Sequence[str]) -> None:
    """Three people: one careful, one who errs, one in haste; three gold clips, four disputed ones."""
    careful, errs, hasty = people
    clips = in_lot(session, truth)
    answer_as(session, careful, truth, clips[:24])
    answer_as(session, errs, truth, clips[:20], wrong=clips[2:6])
    answer_as(session, hasty, truth, clips[20:26], heard=HASTY)
    for clip_id in clips[:3]:
        add_gold(session.workspace.conn, session.project, [clip_id], label=truth[clip_id])


def _answer(clip_id: int, truth: dict[int, str], wrong: Sequence[int], heard: Heard) -> AnswerGiven:
    label = truth[clip_id]
    if clip_id in wrong:
        label = LABELS[(LABELS.index(label) + 1) % len(LABELS)]
    return AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=heard, screen="deck")
