"""Search: the clips nearest to a clip, a part of one, or a file; and those unlike anything. Nothing is written."""

from __future__ import annotations

from pathlib import Path

from pipeline.audio.conform import conform
from pipeline.audio.decode import open_sound
from pipeline.audio.measure import measure
from pipeline.catalog import embeddings
from pipeline.catalog.clips import clip_sound
from pipeline.catalog.projects import Project, duty_of
from pipeline.catalog.search import (
    FoundClip,
    ServingEncoder,
    found_clips,
    nearest_clips,
    serving_encoder,
    vectors_of,
)
from pipeline.core.errors import AudioError, NotFound
from pipeline.core.permissions import demand
from pipeline.core.types import Audio, Float32
from pipeline.curation.loneliest import loneliest
from pipeline.storage import Store
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.encoder_weights import ready_encoder
from pipeline.workflows.operation import Conn


def search(
    conn: Conn,
    project: Project,
    store: Store,
    like: int | str | Path,
    *,
    start_s: float | None = None,
    stop_s: float | None = None,
    n: int = 20,
    with_redundant: bool = False,
) -> list[FoundClip]:
    """The ``n`` clips that sound most like a clip (its id) or a file (its path), or like a span of it, nearest first.

    By the current encoder's embeddings; the clip itself is left out. Raises NotPermitted, NotFound for no such clip and
    before the first embed, AudioError for a file that cannot be read and a span that holds nothing.
    """
    _demand(conn, project)
    encoder = serving_encoder(conn, project.project_id)
    if isinstance(like, int):
        vector = _of_clip(conn, project, store, encoder, like, start_s, stop_s)
    else:
        vector = _encoded(encoder, store, conform(_of_file(Path(like), start_s, stop_s), project.recipe.audio_format))
    return nearest_clips(
        conn,
        project.project_id,
        encoder,
        vector,
        n=n,
        without=[like] if isinstance(like, int) else (),
        with_redundant=with_redundant,
    )


def search_unlike(conn: Conn, project: Project, *, n: int = 20) -> list[FoundClip]:
    """The ``n`` clips that are unlike anything: farthest from their nearest neighbour, whose cosine each carries.

    Redundant clips are left out. Raises NotPermitted, NotFound before the first embed.
    """
    _demand(conn, project)
    encoder = serving_encoder(conn, project.project_id)
    found = embeddings.read_vectors(conn, project.project_id, encoder.encoder_id, with_redundant=False)
    lonely = loneliest(found.vectors, n)
    return found_clips(conn, project.project_id, [(found.clip_ids[index], cosine) for index, cosine in lonely])


def _demand(conn: Conn, project: Project) -> None:
    demand(duty_of(conn, project.project_id), "search", actor=conn.info.user, project=project.name)


def _of_clip(
    conn: Conn,
    project: Project,
    store: Store,
    encoder: ServingEncoder,
    clip_id: int,
    start_s: float | None,
    stop_s: float | None,
) -> Float32:
    sound = clip_sound(conn, project.project_id, clip_id)
    if sound is None:
        raise NotFound("no such clip in this project", which=clip_id, do="look it up again")
    if start_s is not None or stop_s is not None:
        audio = read_clip(store, sound)
        start, stop = _span(audio.n_samples, audio.rate_hz, start_s, stop_s, which=f"clip {clip_id}")
        return _encoded(encoder, store, Audio(samples=audio.samples[:, start:stop], rate_hz=audio.rate_hz))
    held = vectors_of(conn, project.project_id, encoder.encoder_id, [clip_id])
    # Cut or brought in since the last embed: its sound is at hand.
    return held[clip_id] if clip_id in held else _encoded(encoder, store, read_clip(store, sound))


def _of_file(path: Path, start_s: float | None, stop_s: float | None) -> Audio:
    facts = measure(str(path))
    start, stop = _span(facts.n_samples, facts.rate_hz, start_s, stop_s, which=str(path))
    sound = open_sound(str(path), rate_hz=facts.rate_hz, n_channels=facts.n_channels, n_samples=facts.n_samples)
    return sound.span(start, stop)


def _span(n_samples: int, rate_hz: int, start_s: float | None, stop_s: float | None, *, which: str) -> tuple[int, int]:
    start = 0 if start_s is None else round(start_s * rate_hz)
    stop = n_samples if stop_s is None else min(n_samples, round(stop_s * rate_hz))
    if not 0 <= start < stop:
        raise AudioError(
            "the span holds no sound",
            which=which,
            expected=f"seconds from 0 to {n_samples / rate_hz:.3f}, the start first",
            got=f"{start_s} to {stop_s}",
        )
    return start, stop


def _encoded(encoder: ServingEncoder, store: Store, audio: Audio) -> Float32:
    """The embedding float32 (d,) that the encoder gives this sound now."""
    return ready_encoder(encoder.spec, store).encode([audio])[0]
