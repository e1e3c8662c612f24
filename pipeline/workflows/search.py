"""Search: the clips nearest to a clip, a file, a sound or a region of one; and those unlike anything.

Nothing is written.
"""

from __future__ import annotations

from pipeline.catalog import embeddings
from pipeline.catalog.projects import Project, duty_of
from pipeline.catalog.search import (
    FoundClip,
    ServingEncoder,
    found_clips,
    nearest_clips,
    serving_encoder,
    vectors_of,
)
from pipeline.core.permissions import demand
from pipeline.core.types import Float32
from pipeline.curation.loneliest import loneliest
from pipeline.storage import Store
from pipeline.workflows.encoder_weights import ready_encoder
from pipeline.workflows.operation import Conn
from pipeline.workflows.search_query import Like, Query, sound_of


def search(
    conn: Conn,
    project: Project,
    store: Store,
    like: Like,
    *,
    start_s: float | None = None,
    stop_s: float | None = None,
    low_hz: float | None = None,
    high_hz: float | None = None,
    n: int = 20,
    with_redundant: bool = False,
) -> list[FoundClip]:
    """The ``n`` clips that sound most like a clip, a file or a sound, or like a region of it, nearest first.

    ``start_s`` and ``stop_s`` cut a span out, ``low_hz`` and ``high_hz`` take away what lies outside of them. Raises
    as ``search_by``.
    """
    query = Query(like=like, start_s=start_s, stop_s=stop_s, low_hz=low_hz, high_hz=high_hz)
    return search_by(conn, project, store, query, n=n, with_redundant=with_redundant)


def search_by(
    conn: Conn, project: Project, store: Store, query: Query, *, n: int = 20, with_redundant: bool = False
) -> list[FoundClip]:
    """The ``n`` clips nearest to the query by the current encoder's embeddings, without the query's own clip.

    Raises NotPermitted, NotFound for no such clip and before the first embed, AudioError for a file that cannot be
    read and a region that holds nothing.
    """
    _demand(conn, project)
    encoder = serving_encoder(conn, project.project_id)
    return nearest_clips(
        conn,
        project.project_id,
        encoder,
        _vector(conn, project, store, encoder, query),
        n=n,
        without=[query.like] if isinstance(query.like, int) else (),
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


def _vector(conn: Conn, project: Project, store: Store, encoder: ServingEncoder, query: Query) -> Float32:
    """The embedding float32 (d,) of the query."""
    if isinstance(query.like, int) and query.is_whole:
        held = vectors_of(conn, project.project_id, encoder.encoder_id, [query.like])
        if query.like in held:
            return held[query.like]
    # Also a clip that was cut since the last embed: its sound is at hand.
    return ready_encoder(encoder.spec, store).encode([sound_of(conn, project, store, query)])[0]
