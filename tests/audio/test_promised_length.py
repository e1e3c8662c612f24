from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.promised_length import aiff_length, has_mp3_count, is_chained_ogg, riff_length, vorbis_length
from tests.audio.hostile import pcm_16, tone, wav, written

Promise = Callable[[int], object]


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[Promise, bytes], object]:
    def ask_file(promise: Promise, data: bytes) -> object:
        path = tmp_path / "file"
        path.write_bytes(data)
        with io.FileIO(os.open(path, os.O_RDONLY)) as handle:
            return promise(handle.fileno())

    return ask_file


Ask = Callable[[Promise, bytes], object]


def test_header_of_wav_is_taken_at_its_word(ask: Ask) -> None:
    data = pcm_16(tone(500))
    assert ask(riff_length, wav(data)) == 500
    assert ask(riff_length, wav(data, claimed_bytes=90_000)) == 45_000
    assert ask(riff_length, wav(data, n_channels=2)) == 250


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_placeholder_of_a_streaming_recorder_promises_nothing(ask: Ask, size: int) -> None:
    assert ask(riff_length, wav(pcm_16(tone(500)), claimed_bytes=size)) is None


def test_header_of_aiff_is_taken_at_its_word(ask: Ask) -> None:
    assert ask(aiff_length, written(tone(500, n_channels=2), format="AIFF")) == 500


@pytest.mark.parametrize("promise", [riff_length, aiff_length, vorbis_length])
@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS" + bytes(60), bytes(5_000), b"RIFF1234WAVEfmt \0\0\0\0" * 9])
def test_rubble_promises_nothing(ask: Ask, promise: Promise, data: bytes) -> None:
    assert ask(promise, data) is None


def test_last_page_of_ogg_tells_the_length(ask: Ask) -> None:
    assert ask(vorbis_length, written(_noise(), format="OGG", subtype="VORBIS")) == len(_noise())


def test_ogg_that_was_joined_in_the_middle_promises_nothing(ask: Ask) -> None:
    data = bytearray(written(_noise(), format="OGG", subtype="VORBIS"))
    at = data.find(b"OggS")
    while at >= 0:
        granule = int.from_bytes(data[at + 6 : at + 14], "little")
        if granule:
            data[at + 6 : at + 14] = (granule + 10**9).to_bytes(8, "little")
        at = data.find(b"OggS", at + 1)
    assert ask(vorbis_length, bytes(data)) is None


def test_two_oggs_in_a_row_are_told_from_one(ask: Ask) -> None:
    one, other = (written(_noise(), format="OGG", subtype="VORBIS") for _ in range(2))
    assert ask(is_chained_ogg, one) is False
    assert ask(is_chained_ogg, one + other) is True


def test_mp3_with_a_count_is_told_from_one_without_also_behind_a_tag(ask: Ask) -> None:
    mp3 = written(tone(), format="MP3")
    tag = b"ID3\x03\0\0" + bytes([0, 0, 0x27, 0x08]) + bytes(5_000)
    without = mp3[mp3.index(mp3[:2], 4) :]
    assert [ask(has_mp3_count, data) for data in (mp3, tag + mp3)] == [True, True]
    assert [ask(has_mp3_count, data) for data in (without, tag + without)] == [False, False]


def _noise() -> np.ndarray:
    return np.random.default_rng(2).uniform(-0.5, 0.5, (100_000, 1)).astype("f4")
