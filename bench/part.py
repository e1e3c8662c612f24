"""One part of the bench in a process of its own: `python -m bench.part PART JSON` prints what it found as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import Row, ratio_row
from bench.timing import in_turns, ratio

if TYPE_CHECKING:
    from bench.ways import Frames, Way

AGREES_WITHIN_DB = 1e-3


def main() -> None:
    """Run the part that the command line names."""
    parts: dict[str, Callable[..., Any]] = {"librosa": librosa, "lhotse": lhotse, "memory": memory, "workers": workers}
    print(json.dumps(parts[sys.argv[1]](**json.loads(sys.argv[2]))))


def librosa(sets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for each set of files: ours against librosa's plain loop and its careful one, at two choices of frames."""
    from bench.ways import LIBROSA_FRAMES, SPEECH_FRAMES

    rows = [
        row
        for files, frames in product(sets, (LIBROSA_FRAMES, SPEECH_FRAMES))
        for row in _against_librosa(files, frames, goal=files["goal"] if frames is LIBROSA_FRAMES else None)
    ]
    return [dataclasses.asdict(row) for row in rows]


def lhotse(sets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for each set of files: ours against lhotse as documented and as one could."""
    from bench.ways import SPEECH_FRAMES, careful_lhotse, documented_lhotse, ours

    rows: list[Row] = []
    ways = {"ours": ours(SPEECH_FRAMES), "documented": documented_lhotse(), "careful": careful_lhotse()}
    for files in sets:
        costs = in_turns(ways, files["paths"], n_rounds=files["n_rounds"], warm_up=files["warm_up"])
        measured = f"{files['name']}, {SPEECH_FRAMES.name}"
        rows += [
            ratio_row(measured, "lhotse, as documented", ratio(costs["documented"], costs["ours"]), goal=files["goal"]),
            ratio_row(measured, "lhotse, loaded once for both", ratio(costs["careful"], costs["ours"])),
        ]
    return [dataclasses.asdict(row) for row in rows]


def memory(path: str) -> dict[str, float]:
    """Peaks in MB after each stage."""
    from bench.memory import peaks_mb

    return peaks_mb(path)


def workers(folder: str, workspace: str, n_workers: int) -> dict[str, float]:
    """The cost of one run of ingest and cut."""
    from bench.workflow import ingest_and_cut

    return dataclasses.asdict(ingest_and_cut(Path(folder), Path(workspace), n_workers=n_workers))


def _against_librosa(files: Mapping[str, Any], frames: Frames, *, goal: float | None) -> list[Row]:
    from bench.ways import careful_librosa, ours, ours_by_block, plain_librosa

    our_way = ours_by_block(frames) if files["is_long"] else ours(frames)
    ways = {"ours": our_way, "plain": plain_librosa(frames), "careful": careful_librosa(frames)}
    _demand_agreement(ways["ours"], ways["plain"], files)
    costs = in_turns(ways, files["paths"], n_rounds=files["n_rounds"], warm_up=files["warm_up"])
    measured = f"{files['name']}, {frames.name}"
    return [
        ratio_row(measured, "librosa, the plain loop", ratio(costs["plain"], costs["ours"]), goal=goal),
        ratio_row(measured, "librosa, one spectrogram for both", ratio(costs["careful"], costs["ours"])),
    ]


def _demand_agreement(our_way: Way, their_way: Way, files: Mapping[str, Any]) -> None:
    """Times of unequal results mean nothing. Raises RuntimeError."""
    from bench.ways import largest_difference

    path = files["warm_up"]
    difference_db = largest_difference(our_way(path), their_way(path))
    if not difference_db <= AGREES_WITHIN_DB:
        raise RuntimeError(f"{files['name']}: {difference_db:.2g} dB off librosa, more than {AGREES_WITHIN_DB:g}")


if __name__ == "__main__":
    main()
