"""The demo corpus: several hundred made recordings as people really deliver them, with their truth.

short/LABEL/SITE_LABEL_NUMBER.wav   one sound each, in the folder of its label (some in the wrong one)
long/SITE_long_NUMBER.flac          minutes with many sounds, labels unknown
odd/SITE_LABEL_NUMBER.wav           problems planted one by one, and files that no decoder reads
truth.json                          written last: a corpus without it is unfinished
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline.core.errors import StorageError
from pipeline.demo.places import SITES, individuals
from pipeline.demo.planting import Planting
from pipeline.demo.takes import Take, long_take, short_take
from pipeline.demo.truth import TRUTH_FILE, PlantedSpan, PlantedTruth, read_truth, write_truth
from pipeline.demo.voices import VOICES
from pipeline.demo.writing import write_sound

_UNFINISHED = "unfinished"
_ROOMS = ("short", "long", "odd")
_SOUNDS_PER_LONG = 9
_LONG_ENDINGS = (".wav", ".flac", ".flac", ".ogg")
_SHORT_ENDINGS = (".wav",) * 18 + (".flac",) * 4 + (".ogg", ".mp3", ".m4a")

MIN_SOUNDS = 60
"""Fewer sounds leave no room for one copy and one wrong label of each sort."""


def make_corpus(folder: Path, *, seed: int = 7, n_sounds: int = 320) -> PlantedTruth:
    """Make a corpus of ``n_sounds`` different sounds in the folder, unless it is there already, and give its truth.

    One third of the sounds lie in long recordings. Copies and odd files come on top. The same seed
    gives the same bytes of WAV and FLAC. Raises StorageError if the folder holds anything else, and
    ValueError for fewer than MIN_SOUNDS sounds.
    """
    if n_sounds < MIN_SOUNDS:
        raise ValueError(f"n_sounds: expected {MIN_SOUNDS} or more, got {n_sounds}")
    if (folder / TRUTH_FILE).exists():
        return _finished(folder, seed=seed, n_sounds=n_sounds)
    _clear(folder)
    planting = Planting(folder, seed=seed)
    n_short = round(n_sounds * 2 / 3)
    _make_short(planting, n_short, seed=seed)
    _make_long(planting, n_sounds - n_short, seed=seed)
    planting.odd()
    truth = planting.truth(n_sounds=n_sounds)
    write_truth(truth, folder / TRUTH_FILE)
    (folder / _UNFINISHED).unlink()
    return truth


def _finished(folder: Path, *, seed: int, n_sounds: int) -> PlantedTruth:
    truth = read_truth(folder)
    if (truth.seed, truth.n_sounds) != (seed, n_sounds):
        raise StorageError(
            "another demo corpus lies here",
            which=folder,
            expected=f"seed {seed} with {n_sounds} sounds",
            got=f"seed {truth.seed} with {truth.n_sounds}",
            do="choose another folder",
        )
    return truth


def _clear(folder: Path) -> None:
    """Make the folder ready; remove only what an earlier run of ours left unfinished."""
    marker = folder / _UNFINISHED
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        raise StorageError("the folder is not empty", which=folder, do="choose a new folder for the demo corpus")
    for room in _ROOMS:
        shutil.rmtree(folder / room, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _make_short(planting: Planting, n_short: int, *, seed: int) -> None:
    labels = tuple(VOICES)
    pitches = individuals(labels, seed=seed)

    def take(number: int) -> Take:
        label, site = labels[number % len(labels)], SITES[number // len(labels) % len(SITES)]
        return short_take(label, site, pitch=pitches[site.name, label], rng=np.random.default_rng([seed, 2, number]))

    endings = [str(ending) for ending in np.random.default_rng([seed, 3]).choice(_SHORT_ENDINGS, n_short)]
    with ThreadPoolExecutor() as pool:
        planting.short(list(pool.map(take, range(n_short))), endings)


def _make_long(planting: Planting, n_sounds: int, *, seed: int) -> None:
    pitches = individuals(tuple(VOICES), seed=seed)
    labels = np.random.default_rng([seed, 4]).permutation(np.resize(list(VOICES), n_sounds))
    parts = np.array_split(labels, max(1, round(n_sounds / _SOUNDS_PER_LONG)))

    def write(number: int) -> tuple[str, tuple[PlantedSpan, ...]]:
        site, names = SITES[number % len(SITES)], [str(label) for label in parts[number]]
        own = [pitches[site.name, name] for name in names]
        take = long_take(names, site, pitches=own, rng=np.random.default_rng([seed, 5, number]))
        ending = _LONG_ENDINGS[(number + number // len(SITES)) % len(_LONG_ENDINGS)]
        path = f"long/{site.name}_long_{number // len(SITES) + 1:03d}{ending}"
        write_sound(planting.folder / path, take.samples, take.rate_hz)
        return path, take.spans

    with ThreadPoolExecutor() as pool:
        planting.spans.update(pool.map(write, range(len(parts))))
