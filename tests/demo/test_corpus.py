"""The demo corpus holds what its truth says, again and again the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from pipeline.core.errors import StorageError
from pipeline.core.types import AudioFormat, ProblemKind
from pipeline.demo.corpus import MIN_SOUNDS, make_corpus
from pipeline.demo.truth import TRUTH_FILE, HowCopied, PlantedTruth, read_truth


def samples_of(path: Path) -> np.ndarray:
    """The file's samples, float32 (n,) or (n, channels), by whatever reads it."""
    if path.suffix != ".m4a":
        return sf.read(path, dtype="float32")[0]
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def copies_of(truth: PlantedTruth, how: HowCopied) -> list[tuple[str, str]]:
    return [(planted.copy, planted.original) for planted in truth.copies if planted.how == how]


def of_kind(truth: PlantedTruth, kind: ProblemKind) -> list[str]:
    return [path for path, planted in truth.problems.items() if planted is kind]


def best_match(short: np.ndarray, long: np.ndarray) -> float:
    """The highest normalised correlation of the shorter with any part of the longer."""
    if len(short) > len(long):
        short, long = long, short
    n = len(long) + len(short)
    products = np.fft.irfft(np.fft.rfft(long, n) * np.conj(np.fft.rfft(short, n)), n)[: len(long) - len(short) + 1]
    energies = np.cumsum(np.concatenate([[0.0], long.astype(float) ** 2]))
    norms = np.sqrt((energies[len(short) :] - energies[: -len(short)])[: len(products)] * np.sum(short**2))
    return float(np.max(products / norms))


def test_same_seed_gives_same_truth_and_bytes(corpus: Path, truth: PlantedTruth, tmp_path: Path) -> None:
    again = make_corpus(tmp_path / "again", n_sounds=MIN_SOUNDS)
    assert again == truth
    names = sorted(path.relative_to(corpus) for path in corpus.rglob("*") if path.is_file())
    assert names == sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file())
    lossless = [name for name in names if name.suffix in (".wav", ".flac")]
    assert len(lossless) > 50
    assert [n for n in lossless if (corpus / n).read_bytes() != (tmp_path / "again" / n).read_bytes()] == []


def test_other_seed_gives_other_sounds(corpus: Path, tmp_path: Path) -> None:
    make_corpus(tmp_path / "other", seed=8, n_sounds=MIN_SOUNDS)
    contents = {path.read_bytes() for path in corpus.glob("short/**/*.wav")}
    assert not contents & {path.read_bytes() for path in (tmp_path / "other").glob("short/**/*.wav")}


def test_every_file_is_in_the_truth_and_on_disk(corpus: Path, truth: PlantedTruth) -> None:
    silent = set(of_kind(truth, ProblemKind.SILENT))
    known = set(truth.sounds) | set(truth.spans) | set(truth.unreadable) | silent
    found = {p.relative_to(corpus).as_posix() for p in corpus.rglob("*") if p.is_file()}
    assert found == known | {TRUTH_FILE}
    assert {p.copy for p in truth.copies} | {p.original for p in truth.copies} <= set(truth.sounds)
    assert set(truth.wrong_labels) <= set(truth.sounds)


def test_two_thirds_lie_in_short_files_and_the_rest_in_long_ones(truth: PlantedTruth) -> None:
    copies = {planted.copy for planted in truth.copies}
    n_short = sum(path.startswith("short/") and path not in copies for path in truth.sounds)
    n_long = sum(map(len, truth.spans.values()))
    assert (n_short, n_long) == (40, 20)


def test_names_tell_site_and_given_label(truth: PlantedTruth) -> None:
    for path in truth.sounds:
        folder, name = path.rsplit("/", 1)
        _site, kind, number = Path(name).stem.split("_")
        assert number.isdecimal()
        if folder != "odd":
            assert folder == f"short/{kind}"
            assert kind == (truth.wrong_labels[path].given if path in truth.wrong_labels else truth.sounds[path])


def test_wrong_labels_are_wrong(truth: PlantedTruth) -> None:
    assert truth.wrong_labels
    for path, wrong in truth.wrong_labels.items():
        assert wrong.given != wrong.true == truth.sounds[path]
        assert path.startswith(f"short/{wrong.given}/")


def test_short_recordings_have_headroom_and_last_one_to_four_seconds(corpus: Path, truth: PlantedTruth) -> None:
    copies = {planted.copy for planted in truth.copies}
    for path in truth.sounds:
        if path.startswith("short/") and path.endswith((".wav", ".flac")) and path not in copies:
            peak_dbfs = 20 * np.log10(np.abs(samples_of(corpus / path)).max())
            assert -12.0 <= peak_dbfs <= -3.0, path
            assert 1.0 <= sf.info(corpus / path).duration <= 4.0, path


def test_copies_do_not_clip(corpus: Path, truth: PlantedTruth) -> None:
    assert max(float(np.abs(samples_of(corpus / p.copy)).max()) for p in truth.copies) < 0.98


@pytest.mark.parametrize("how", ["exact", "rewrapped"])
def test_exact_and_rewrapped_copies_have_equal_samples(corpus: Path, truth: PlantedTruth, how: HowCopied) -> None:
    pairs = copies_of(truth, how)
    assert pairs
    for copy, original in pairs:
        assert np.array_equal(samples_of(corpus / copy), samples_of(corpus / original))
        assert ((corpus / copy).read_bytes() == (corpus / original).read_bytes()) == (how == "exact")


@pytest.mark.parametrize("how", ["transcoded", "gain", "trimmed", "shifted"])
def test_altered_copies_hold_the_same_sound_in_other_samples(corpus: Path, truth: PlantedTruth, how: HowCopied) -> None:
    pairs = copies_of(truth, how)
    assert pairs
    for copy, original in pairs:
        one, other = samples_of(corpus / copy), samples_of(corpus / original)
        assert not np.array_equal(one, other)
        n = min(len(one), len(other))
        middle = one[n // 4 : 3 * n // 4]
        assert best_match(middle, other) > 0.9, (copy, original)


def test_gain_copies_are_six_decibels_away(corpus: Path, truth: PlantedTruth) -> None:
    for copy, original in copies_of(truth, "gain"):
        if original.endswith((".wav", ".flac")):
            ratio = np.abs(samples_of(corpus / copy)).max() / np.abs(samples_of(corpus / original)).max()
            assert abs(20 * np.log10(ratio)) == pytest.approx(6.0, abs=0.05)


def test_silent_is_silent(corpus: Path, truth: PlantedTruth) -> None:
    paths = of_kind(truth, ProblemKind.SILENT)
    assert paths
    assert all(not samples_of(corpus / path).any() for path in paths)


def test_clipped_is_clipped(corpus: Path, truth: PlantedTruth) -> None:
    paths = of_kind(truth, ProblemKind.CLIPPED)
    assert paths
    for path in paths:
        assert np.mean(np.abs(samples_of(corpus / path)) > 0.999) > 0.005, path


def test_offset_is_off(corpus: Path, truth: PlantedTruth) -> None:
    paths = of_kind(truth, ProblemKind.DC_OFFSET)
    assert paths
    for path in paths:
        samples = samples_of(corpus / path)
        assert abs(samples.mean()) > 0.08
        assert np.abs(samples).max() < 1.0


def test_truncated_holds_less_than_its_header_claims(corpus: Path, truth: PlantedTruth) -> None:
    paths = of_kind(truth, ProblemKind.TRUNCATED)
    assert paths
    for path in paths:
        content = (corpus / path).read_bytes()
        claimed = int.from_bytes(content[40:44], "little")
        assert content[36:40] == b"data"
        assert len(content) - 44 < 0.7 * claimed


@pytest.mark.parametrize(
    ("kind", "differs"),
    [
        (ProblemKind.WRONG_RATE, lambda info: info.samplerate != AudioFormat().rate_hz),
        (ProblemKind.WRONG_CHANNELS, lambda info: info.channels != AudioFormat().n_channels),
        (ProblemKind.WRONG_DEPTH, lambda info: info.subtype != AudioFormat().subtype),
    ],
)
def test_odd_recordings_miss_the_default_format_only_as_planted(
    corpus: Path, truth: PlantedTruth, kind: ProblemKind, differs: Callable[[object], bool]
) -> None:
    assert of_kind(truth, kind)
    for path, planted in truth.problems.items():
        assert differs(sf.info(corpus / path)) == (planted is kind), path


def test_unreadable_files_are_unreadable(corpus: Path, truth: PlantedTruth) -> None:
    assert len(truth.unreadable) == 3
    for path in truth.unreadable:
        with pytest.raises(sf.LibsndfileError):
            sf.read(corpus / path)
        with pytest.raises((av.FFmpegError, IndexError)), av.open(str(corpus / path)) as container:
            list(container.decode(audio=0))


def test_spans_are_where_the_sound_is(corpus: Path, truth: PlantedTruth) -> None:
    for path, spans in truth.spans.items():
        samples, rate_hz = sf.read(corpus / path)
        assert 60.0 <= len(samples) / rate_hz <= 180.0
        inside = np.zeros(len(samples), dtype=bool)
        for span, following in zip(spans, (*spans[1:], None), strict=True):
            assert 0.0 < span.start_s < span.stop_s < (following.start_s if following else len(samples) / rate_hz)
            part = slice(round(span.start_s * rate_hz), round(span.stop_s * rate_hz))
            inside[part] = True
            assert np.sqrt(np.mean(samples[part] ** 2)) > 2.0 * np.sqrt(np.median(samples[~inside][:rate_hz] ** 2))
        quiet_rms = np.sqrt(np.mean(samples[~inside] ** 2))
        assert 20 * np.log10(quiet_rms) < -40.0


def test_kinds_are_told_apart_at_sites_not_heard_before(corpus: Path, truth: PlantedTruth) -> None:
    copies = {planted.copy for planted in truth.copies}
    paths = [p for p in truth.sounds if p.startswith("short/") and p not in copies]
    vectors = np.stack([log_spectrum(corpus / path) for path in paths])
    labels = np.array([truth.sounds[path] for path in paths])
    sites = np.array([Path(path).name.split("_")[0] for path in paths])
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    distances[sites[:, None] == sites[None]] = np.inf
    share_right = np.mean(labels[distances.argmin(axis=1)] == labels)
    assert share_right > 0.7


def log_spectrum(path: Path) -> np.ndarray:
    """Mean, spread and change of energy (dB) in 24 bands up to 7 kHz: a crude ear, float (72,)."""
    samples = samples_of(path)
    rate_hz = next(stream.rate for stream in av.open(str(path)).streams.audio)
    n = round(0.032 * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, n)[:: n // 2] * np.hanning(n)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.round(np.geomspace(120.0, 7000.0, 25) * n / rate_hz).astype(int)
    bands = np.stack([power[:, a : max(b, a + 1)].mean(axis=1) for a, b in pairwise(edges)])
    decibels = 10 * np.log10(bands + 1e-6 * bands.max())
    decibels -= decibels.mean()
    return np.concatenate([decibels.mean(axis=1), decibels.std(axis=1), np.abs(np.diff(decibels)).mean(axis=1)])


def test_finished_corpus_is_left_alone(corpus: Path, truth: PlantedTruth) -> None:
    before = {path: path.stat().st_mtime_ns for path in corpus.rglob("*")}
    assert make_corpus(corpus, n_sounds=MIN_SOUNDS) == truth == read_truth(corpus)
    assert {path: path.stat().st_mtime_ns for path in corpus.rglob("*")} == before


def test_finished_corpus_of_another_seed_is_refused(corpus: Path) -> None:
    with pytest.raises(StorageError, match="choose another folder"):
        make_corpus(corpus, seed=8, n_sounds=MIN_SOUNDS)


def test_unfinished_corpus_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "unfinished").touch()
    left = tmp_path / "short" / "dog" / "left_over.wav"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    truth = make_corpus(tmp_path, n_sounds=MIN_SOUNDS)
    assert not left.exists()
    assert not (tmp_path / "unfinished").exists()
    assert json.loads((tmp_path / TRUTH_FILE).read_text())["seed"] == truth.seed


def test_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "short" / "mine.wav"
    mine.parent.mkdir()
    mine.write_bytes(b"precious")
    with pytest.raises(StorageError, match="not empty"):
        make_corpus(tmp_path, n_sounds=MIN_SOUNDS)
    assert mine.read_bytes() == b"precious"


def test_too_small_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="n_sounds"):
        make_corpus(tmp_path / "small", n_sounds=MIN_SOUNDS - 1)
