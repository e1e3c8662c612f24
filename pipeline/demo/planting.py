"""What is wrong with the demo corpus on purpose: copies, wrong labels, problems, files that nobody can read."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soxr

from pipeline.core.types import Float32, ProblemKind
from pipeline.demo.places import SITES, Site, background, individuals
from pipeline.demo.takes import Take, short_take
from pipeline.demo.truth import HowCopied, PlantedCopy, PlantedSpan, PlantedTruth, WrongLabel
from pipeline.demo.voices import TAKEN_FOR, VOICES
from pipeline.demo.writing import rewrap, truncate, write_sound

_WRONG_LABELS = 0.06
_COPIES: dict[HowCopied, float] = {
    "exact": 0.03,
    "rewrapped": 0.015,
    "transcoded": 0.045,
    "gain": 0.04,
    "trimmed": 0.02,
    "shifted": 0.02,
}
_LOSSY = (".mp3", ".ogg", ".m4a")
_GAIN_DB = 6.0
_ODD_RATE_HZ = 16_000
"""Odd recordings are mono PCM_16 at 16 kHz but for what is wrong with them: against the default format they
have one problem each."""


class Planting:
    """A corpus while it is made: the files so far, and their truth."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.spans: dict[str, tuple[PlantedSpan, ...]] = {}
        self._seed = seed
        self._rng = np.random.default_rng([seed, 6])
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._sounds: dict[str, str] = {}
        self._copies: list[PlantedCopy] = []
        self._wrong_labels: dict[str, WrongLabel] = {}
        self._problems: dict[str, ProblemKind] = {}
        self._unreadable: dict[str, str] = {}

    def short(self, takes: Sequence[Take], endings: Sequence[str]) -> None:
        """Write the takes into the folders of their labels, some into a wrong one, some a second time."""
        order = [int(i) for i in self._rng.permutation(len(takes))]
        n_wrong = max(1, round(_WRONG_LABELS * len(takes)))
        wrong, right = set(order[:n_wrong]), order[n_wrong:]
        paths: list[str] = []
        for index, (take, ending) in enumerate(zip(takes, endings, strict=True)):
            given = str(self._rng.choice(TAKEN_FOR[take.label])) if index in wrong else take.label
            path = self._path(f"short/{given}", take.site, given, ending)
            write_sound(self.folder / path, take.samples, take.rate_hz)
            self._sounds[path] = take.label
            paths.append(path)
            if given != take.label:
                self._wrong_labels[path] = WrongLabel(given, take.label)
        for how, share in _COPIES.items():
            for number in range(max(1, round(share * len(takes)))):
                index = right.pop(next(i for i, at in enumerate(right) if _fits(paths[at], how)))
                self._copy(paths[index], takes[index], how, number)

    def odd(self) -> None:
        """Write the recordings with one problem each, and the files that are no sound."""
        for kind, spoil, n_recordings in _SPOILERS:
            for _ in range(n_recordings):
                take = self._odd_take()
                path = self._path("odd", take.site, take.label, ".wav")
                samples, rate_hz, subtype = spoil(take, self._rng)
                write_sound(self.folder / path, samples, rate_hz, subtype=subtype)
                self._problems[path] = kind
                if kind is not ProblemKind.SILENT:
                    self._sounds[path] = take.label
        for kept in (0.6, 0.351):
            take = self._odd_take()
            path = self._path("odd", take.site, take.label, ".wav")
            write_sound(self.folder / path, take.samples, take.rate_hz)
            truncate(self.folder / path, kept=kept)
            self._problems[path] = ProblemKind.TRUNCATED
            self._sounds[path] = take.label
        for why, ending, content in _NO_SOUND:
            path = self._path("odd", SITES[len(self._unreadable)], "dog", ending)
            (self.folder / path).write_bytes(content)
            self._unreadable[path] = why

    def truth(self, *, n_sounds: int) -> PlantedTruth:
        """All that was planted, sorted by path."""
        return PlantedTruth(
            seed=self._seed,
            n_sounds=n_sounds,
            labels=tuple(VOICES),
            sounds=dict(sorted(self._sounds.items())),
            spans=dict(sorted(self.spans.items())),
            copies=tuple(sorted(self._copies)),
            wrong_labels=dict(sorted(self._wrong_labels.items())),
            problems=dict(sorted(self._problems.items())),
            unreadable=dict(sorted(self._unreadable.items())),
        )

    def _copy(self, original: str, take: Take, how: HowCopied, number: int) -> None:
        endings = {"exact": Path(original).suffix, "rewrapped": ".flac", "transcoded": _LOSSY[number % len(_LOSSY)]}
        # Every fourth copy came in under another site's name: the leak that splits by site alone do not stop.
        site = SITES[(SITES.index(take.site) + 1) % len(SITES)] if number % 4 == 3 else take.site
        path = self._path(f"short/{take.label}", site, take.label, endings.get(how, ".wav"))
        if how == "exact":
            shutil.copyfile(self.folder / original, self.folder / path)
        elif how == "rewrapped":
            rewrap(self.folder / original, self.folder / path)
        else:
            write_sound(self.folder / path, _altered(take, how, self._rng), take.rate_hz)
        self._sounds[path] = take.label
        self._copies.append(PlantedCopy(path, original, how))

    def _odd_take(self) -> Take:
        number = len(self._problems)
        label, site = tuple(VOICES)[number * 2 % len(VOICES)], SITES[number % len(SITES)]
        pitch = individuals(tuple(VOICES), seed=self._seed)[site.name, label]
        return short_take(label, site, pitch=pitch, rng=self._rng, rate_hz=_ODD_RATE_HZ)

    def _path(self, folder: str, site: Site, label: str, ending: str) -> str:
        self._numbers[site.name, label] += 1
        return f"{folder}/{site.name}_{label}_{self._numbers[site.name, label]:03d}{ending}"


def _fits(original: str, how: HowCopied) -> bool:
    """Samples survive from WAV into FLAC only, and what is lossy already may come out of an encoder the same again."""
    endings = {"rewrapped": (".wav",), "transcoded": (".wav", ".flac")}
    return how not in endings or original.endswith(endings[how])


def _altered(take: Take, how: HowCopied, rng: np.random.Generator) -> Float32:
    samples = take.samples
    if how == "gain":
        gain_db = _GAIN_DB if take.peak_dbfs < -_GAIN_DB - 3.0 else -_GAIN_DB
        return samples * np.float32(10.0 ** (gain_db / 20.0))
    if how == "trimmed":
        return samples[round(rng.uniform(0.05, 0.12) * len(samples)) : round(rng.uniform(0.85, 0.93) * len(samples))]
    if how == "shifted":
        n_before = round(rng.uniform(0.1, 0.4) * take.rate_hz)
        return np.concatenate([background(take.site, rng, n_before, rate_hz=take.rate_hz), samples])
    return samples


_Spoiled = tuple[Float32, int, str | None]


def _at_rate(rate_hz: int) -> Callable[[Take, np.random.Generator], _Spoiled]:
    def at_rate(take: Take, rng: np.random.Generator) -> _Spoiled:
        return np.asarray(soxr.resample(take.samples, take.rate_hz, rate_hz), dtype=np.float32), rate_hz, None

    return at_rate


def _in_stereo(take: Take, rng: np.random.Generator) -> _Spoiled:
    n_late = int(rng.integers(2, 20))
    right = np.float32(rng.uniform(0.3, 0.9)) * np.roll(take.samples, n_late)
    return np.stack([take.samples, right]), take.rate_hz, None


def _silent(take: Take, rng: np.random.Generator) -> _Spoiled:
    return np.zeros_like(take.samples), take.rate_hz, None


def _clipped(take: Take, rng: np.random.Generator) -> _Spoiled:
    loud = 10.0 ** ((rng.uniform(12.0, 18.0) - take.peak_dbfs) / 20.0)
    return np.clip(take.samples * np.float32(loud), -1.0, 1.0), take.rate_hz, None


def _with_offset(take: Take, rng: np.random.Generator) -> _Spoiled:
    quiet = take.samples * np.float32(10.0 ** ((-8.0 - take.peak_dbfs) / 20.0))
    return quiet + np.float32(rng.choice((-1.0, 1.0)) * rng.uniform(0.1, 0.2)), take.rate_hz, None


def _in_8_bit(take: Take, rng: np.random.Generator) -> _Spoiled:
    return take.samples, take.rate_hz, "PCM_U8"


_SPOILERS: tuple[tuple[ProblemKind, Callable[[Take, np.random.Generator], _Spoiled], int], ...] = (
    (ProblemKind.WRONG_RATE, _at_rate(8_000), 2),
    (ProblemKind.WRONG_RATE, _at_rate(96_000), 1),
    (ProblemKind.WRONG_CHANNELS, _in_stereo, 3),
    (ProblemKind.SILENT, _silent, 3),
    (ProblemKind.CLIPPED, _clipped, 4),
    (ProblemKind.DC_OFFSET, _with_offset, 2),
    (ProblemKind.WRONG_DEPTH, _in_8_bit, 1),
)

_NO_SOUND: tuple[tuple[str, str, bytes], ...] = (
    ("zero bytes", ".wav", b""),
    ("text named .wav", ".wav", b"The recorder was empty on Tuesday, see my notes.\n" * 40),
    ("a web page named .mp3", ".mp3", b"<!DOCTYPE html><title>Please sign in</title><p>Please sign in.\n" * 20),
)
