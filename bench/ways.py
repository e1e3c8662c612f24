"""The same work done our way and the ways that people know: from a file to 16 kHz mono, log-mel and MFCC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile as sf

from pipeline.audio.conform import conform, conform_blocks, encode, encode_blocks
from pipeline.audio.decode import decode, open_sound
from pipeline.audio.features import Features, cepstrum, features, log_mel_blocks
from pipeline.core.types import AudioFormat, Float32

FORMAT = AudioFormat()
N_MFCC = 20


@dataclass(frozen=True, kw_only=True)
class Frames:
    """How the spectrogram is taken: the same for every way."""

    name: str
    n_fft: int
    hop_samples: int
    n_mels: int
    fmin_hz: float


LIBROSA_FRAMES = Frames(name="librosa's default frames", n_fft=2_048, hop_samples=512, n_mels=128, fmin_hz=0.0)
SPEECH_FRAMES = Frames(name="frames of 32 ms every 10 ms", n_fft=512, hop_samples=160, n_mels=64, fmin_hz=20.0)

Way = Callable[[str], Features]


def ours(frames: Frames) -> Way:
    """Decoded, conformed, encoded as 16-bit WAV in memory, and its features."""
    how = _ours(frames)

    def way(path: str) -> Features:
        audio = conform(decode(path), FORMAT)
        encode(audio, FORMAT)
        return features(audio, **how)

    return way


def ours_by_block(frames: Frames) -> Way:
    """The same for a long recording: by block, and with the same result."""
    how = _ours(frames)
    del how["n_mfcc"]

    def way(path: str) -> Features:
        header = sf.info(path)
        sound = open_sound(path, rate_hz=header.samplerate, n_channels=header.channels, n_samples=header.frames)
        conformed = list(
            conform_blocks(sound.blocks(), rate_hz=FORMAT.rate_hz, n_channels=FORMAT.n_channels),
        )
        encode_blocks(conformed, FORMAT)
        log_mel = np.concatenate(list(log_mel_blocks(conformed, **how)), axis=1)
        return Features(log_mel=log_mel, mfcc=cepstrum(log_mel, n_mfcc=N_MFCC, floor_db=float(log_mel.max()) - 80))

    return way


def plain_librosa(frames: Frames) -> Way:
    """The loop that everybody writes: load, melspectrogram, mfcc."""
    import librosa

    how = _librosas(frames)

    def way(path: str) -> Features:
        y, sr = librosa.load(path, sr=FORMAT.rate_hz)
        mel = librosa.feature.melspectrogram(y=y, sr=sr, **how)
        log_mel = librosa.power_to_db(mel, top_db=None)
        return Features(log_mel=log_mel, mfcc=librosa.feature.mfcc(y=y, sr=sr, n_mfcc=N_MFCC, **how))

    return way


def careful_librosa(frames: Frames) -> Way:
    """The same by somebody who knows that MFCC can be made of the spectrogram that is there already."""
    import librosa

    how = _librosas(frames)

    def way(path: str) -> Features:
        y, sr = librosa.load(path, sr=FORMAT.rate_hz)
        mel = librosa.feature.melspectrogram(y=y, sr=sr, **how)
        mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=N_MFCC)
        return Features(log_mel=librosa.power_to_db(mel, top_db=None), mfcc=mfcc)

    return way


def documented_lhotse() -> Way:
    """As lhotse's documentation has it: one compute_features for each kind, on a cut that resamples."""
    from lhotse import Recording

    fbank, mfcc = _lhotse_extractors()

    def way(path: str) -> Features:
        cut = Recording.from_file(path).resample(FORMAT.rate_hz).to_cut()
        return Features(log_mel=_turned(cut.compute_features(fbank)), mfcc=_turned(cut.compute_features(mfcc)))

    return way


def careful_lhotse() -> Way:
    """The same by somebody who loads the sound once."""
    from lhotse import Recording

    fbank, mfcc = _lhotse_extractors()

    def way(path: str) -> Features:
        samples = Recording.from_file(path).resample(FORMAT.rate_hz).to_cut().load_audio()
        return Features(
            log_mel=_turned(fbank.extract(samples, FORMAT.rate_hz)), mfcc=_turned(mfcc.extract(samples, FORMAT.rate_hz))
        )

    return way


def largest_difference(one: Features, other: Features) -> float:
    """By how much the two differ at most, in dB, but for the last frames: lengths are rounded differently."""
    n_frames = min(one.log_mel.shape[1], other.log_mel.shape[1])
    kept = slice(0, n_frames - 4 if n_frames > 8 else n_frames)
    return max(
        float(np.abs(one.log_mel[:, kept] - other.log_mel[:, kept]).max()),
        float(np.abs(one.mfcc[:, kept] - other.mfcc[:, kept]).max()),
    )


def _ours(frames: Frames) -> dict[str, Any]:
    return {
        "n_mfcc": N_MFCC,
        "n_fft": frames.n_fft,
        "hop_samples": frames.hop_samples,
        "n_mels": frames.n_mels,
        "fmin_hz": frames.fmin_hz,
    }


def _librosas(frames: Frames) -> dict[str, Any]:
    return {
        "n_fft": frames.n_fft,
        "hop_length": frames.hop_samples,
        "n_mels": frames.n_mels,
        "fmin": frames.fmin_hz,
    }


def _lhotse_extractors() -> tuple[Any, Any]:
    import torch
    from lhotse import Fbank, FbankConfig, Mfcc, MfccConfig

    torch.set_num_threads(1)
    n_mels = SPEECH_FRAMES.n_mels
    return (
        Fbank(FbankConfig(sampling_rate=FORMAT.rate_hz, num_filters=n_mels)),
        Mfcc(MfccConfig(sampling_rate=FORMAT.rate_hz, num_filters=n_mels, num_ceps=N_MFCC)),
    )


def _turned(rows: Any) -> Float32:
    return np.asarray(rows, dtype=np.float32).T
