"""A folder of files that try to break whoever reads them; also the bait of the ingest tests."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import soundfile as sf

Expectation = str
"""'sound': it must measure. 'failure': it must raise AudioError. 'either': both are right."""

RATE_HZ = 16_000


def make_hostile_folder(folder: Path) -> dict[str, Expectation]:
    """Write the files into ``folder`` (made if missing); file name, decoded by os.fsdecode -> expectation."""
    folder.mkdir(parents=True, exist_ok=True)
    expected: dict[str, Expectation] = {}

    def put(name: str | bytes, data: bytes, expectation: Expectation) -> None:
        Path(folder, os.fsdecode(name)).write_bytes(data)
        expected[os.fsdecode(name)] = expectation

    for files in (
        _truncated,
        _misnamed,
        _lying_headers,
        _strange_values,
        _rare_formats,
        _strange_names,
        _junk,
        _videos,
    ):
        for name, data, expectation in files():
            put(name, data, expectation)
    for make in _NOT_FILES:
        name, expectation = make(folder)
        expected[name] = expectation
    return expected


def tone(n_samples: int = RATE_HZ, *, n_channels: int = 1, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A tone with a little noise, float32 (n, channels), other in each channel."""
    rng = np.random.default_rng(7)
    time_s = np.arange(n_samples)[:, None] / rate_hz
    pitch_hz = 220.0 * (1 + np.arange(n_channels))
    return (0.4 * np.sin(2 * np.pi * pitch_hz * time_s) + 0.01 * rng.standard_normal((n_samples, n_channels))).astype(
        "f4"
    )


def written(samples: np.ndarray, rate_hz: int = RATE_HZ, **how: str) -> bytes:
    """The bytes of a file that soundfile writes."""
    out = io.BytesIO()
    sf.write(out, samples, rate_hz, **how)
    return out.getvalue()


def muxed(
    samples: np.ndarray,
    *,
    container: str,
    codec: str,
    rate_hz: int = RATE_HZ,
    has_video: bool = False,
    is_index_first: bool = True,
) -> bytes:
    """The bytes of a mono file that PyAV writes."""
    options = {"movflags": "faststart"} if is_index_first and container in ("mp4", "ipod") else {}
    with TemporaryDirectory() as folder:
        # Not into memory: to put the index first, FFmpeg opens the file a second time by its name.
        path = Path(folder, "made")
        with av.open(str(path), "w", format=container, options=options) as target:
            stream = target.add_stream(codec, rate=rate_hz, layout="mono")
            if has_video:
                _add_video(target)
            step = stream.codec_context.frame_size or 1024
            for start in range(0, len(samples), step):
                values = np.ascontiguousarray(samples[start : start + step, :1].T * 32767).astype("i2")
                frame = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
                frame.sample_rate, frame.pts = rate_hz, start
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
        return path.read_bytes()


def wav(data: bytes, *, rate_hz: int = RATE_HZ, n_channels: int = 1, claimed_bytes: int | None = None) -> bytes:
    """A 16-bit WAV whose header says what it is told to say."""
    size = len(data) if claimed_bytes is None else claimed_bytes
    align = (2 * n_channels) & 0xFFFF
    fmt = struct.pack("<HHIIHH", 1, n_channels, rate_hz, (rate_hz * align) & 0xFFFFFFFF, align, 16)
    riff = struct.pack("<I", (36 + size) & 0xFFFFFFFF)
    return b"RIFF" + riff + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", size) + data


def pcm_16(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


File = tuple[str | bytes, bytes, Expectation]


def _truncated() -> Iterator[File]:
    sound = tone(2 * RATE_HZ)
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, sound.shape).astype("f4")
    whole = {
        "wav": written(sound, format="WAV"),
        "flac": written(sound, format="FLAC"),
        # Noise fills many Ogg pages; a decoder needs the first of them whole.
        "ogg": written(np.concatenate([noise] * 8), format="OGG", subtype="VORBIS"),
        "mp3": written(sound, format="MP3"),
        "m4a": muxed(sound, container="ipod", codec="aac"),
    }
    for extension, data in whole.items():
        yield f"whole.{extension}", data, "sound"
        for tenth in range(1, 10):
            # From the middle on there must be sound; before, the headers alone may fill a compressed file.
            expectation = "sound" if tenth >= 5 or extension == "wav" else "either"
            yield f"truncated_{tenth}.{extension}", data[: len(data) * tenth // 10], expectation
    yield "header_only.wav", whole["wav"][:44], "failure"
    yield "half_a_header.wav", whole["wav"][:21], "failure"
    yield "header_only.flac", whole["flac"][: whole["flac"].index(b"\xff\xf8")], "failure"
    yield "magic_only.flac", b"fLaC", "failure"
    at_end = muxed(sound, container="ipod", codec="aac", is_index_first=False)
    yield "index_missing.m4a", at_end[: len(at_end) // 2], "failure"


def _misnamed() -> Iterator[File]:
    sound = tone()
    yield "flac_named.wav", written(sound, format="FLAC"), "sound"
    yield "wav_named.flac", written(sound, format="WAV"), "sound"
    yield "wav_named.txt", written(sound, format="WAV"), "sound"
    yield "ogg_named.mp3", written(sound, format="OGG", subtype="VORBIS"), "sound"
    yield "m4a_named.wav", muxed(sound, container="ipod", codec="aac"), "sound"
    yield "text_named.wav", b"not a sound, but a diary\n" * 40, "failure"
    yield "utf16_named.wav", "ein Tagebuch, kein Ton\n".encode("utf-16") * 40, "failure"
    yield "png_named.mp3", _PNG, "failure"
    yield "html_named.ogg", b"<!doctype html><html><title>404</title></html>", "failure"
    yield "zip_named.flac", b"PK\x03\x04" + bytes(range(256)), "failure"


def _lying_headers() -> Iterator[File]:
    data = pcm_16(tone(8_000))
    yield "claims_longer.wav", wav(data, claimed_bytes=50_000), "sound"
    yield "claims_shorter.wav", wav(data, claimed_bytes=2_000), "sound"
    yield "claims_ffffffff.wav", wav(data, claimed_bytes=0xFFFFFFFF), "sound"
    yield "claims_7fffffff.wav", wav(data, claimed_bytes=0x7FFFFFFF), "sound"
    yield "claims_zero_bytes.wav", wav(data, claimed_bytes=0), "sound"
    yield "claims_odd_bytes.wav", wav(data, claimed_bytes=len(data) - 1), "sound"
    yield "claims_0_channels.wav", wav(data, n_channels=0), "failure"
    yield "claims_65535_channels.wav", wav(data, n_channels=65_535), "failure"
    yield "claims_1024_channels.wav", wav(data[:1_000], n_channels=1_024), "failure"
    yield "claims_rate_0.wav", wav(data, rate_hz=0), "failure"
    yield "claims_rate_1.wav", wav(data, rate_hz=1), "failure"
    yield "claims_rate_ffffffff.wav", wav(data, rate_hz=0xFFFFFFFF), "failure"
    flac = bytearray(written(tone(8_000), format="FLAC"))
    flac[21:26] = bytes([flac[21] | 0x0F, 0xFF, 0xFF, 0xFF, 0xFF])
    yield "claims_2_to_36.flac", bytes(flac), "sound"
    chunk = b"LIST" + struct.pack("<I", 0xFFFFFFF0)
    yield "chunk_beyond_the_end.wav", wav(data)[:36] + chunk + wav(data)[36:], "either"


def _strange_values() -> Iterator[File]:
    for name, value in (
        ("nan", np.nan),
        ("inf", np.inf),
        ("minus_inf", -np.inf),
        ("loudest", 3.4e38),
        ("denormal", 1e-45),
    ):
        sound = tone(8_000)
        sound[100:200] = value
        yield f"{name}.wav", written(sound, format="WAV", subtype="FLOAT"), "sound"
    beyond = tone(8_000).astype("f8")
    beyond[5] = 1e300
    yield "beyond_float32.wav", written(beyond, format="WAV", subtype="DOUBLE"), "sound"
    yield "all_nan.wav", written(np.full((500, 1), np.nan, "f4"), format="WAV", subtype="FLOAT"), "sound"
    yield "one_sample.wav", written(tone(10)[5:6], format="WAV"), "sound"
    yield "no_sample.wav", written(tone(0), format="WAV"), "failure"
    yield "silence.wav", written(np.zeros((8_000, 1), "f4"), format="WAV"), "sound"
    yield "all_clipped.wav", written(np.ones((8_000, 1), "f4"), format="WAV"), "sound"


def _rare_formats() -> Iterator[File]:
    for subtype in ("PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW", "IMA_ADPCM", "GSM610"):
        yield f"{subtype.lower()}.wav", written(tone(), format="WAV", subtype=subtype), "sound"
    yield "big_endian.aiff", written(tone(), format="AIFF"), "sound"
    yield "sun.au", written(tone(), format="AU", subtype="ULAW"), "sound"
    yield "192_khz.wav", written(tone(19_200, rate_hz=192_000), 192_000, format="WAV"), "sound"
    yield "12_channels.wav", written(tone(n_channels=12), format="WAV"), "sound"
    yield "stereo.ogg", written(tone(n_channels=2), format="OGG", subtype="VORBIS"), "sound"
    yield "voice.opus", written(tone(48_000), 48_000, format="OGG", subtype="OPUS"), "sound"
    mp3 = written(tone(), format="MP3")
    yield "no_count.mp3", mp3[mp3.index(mp3[:2], 4) :], "sound"
    two_oggs = [written(tone(), format="OGG", subtype="VORBIS") for _ in range(2)]
    yield "two_oggs_in_a_row.ogg", b"".join(two_oggs), "sound"
    yield "lossless.m4a", muxed(tone(), container="ipod", codec="alac"), "sound"


def _strange_names() -> Iterator[File]:
    sound = written(tone(4_000), format="WAV")
    aac = muxed(tone(4_000), container="ipod", codec="aac")
    yield b"not_utf8_\xff\xfe.wav", sound, "sound"
    yield b"not_utf8_\xff.m4a", aac, "sound"
    yield "line\nbreak.wav", sound, "sound"
    yield "line\nbreak.m4a", aac, "sound"
    yield "x" * 251 + ".wav", sound, "sound"
    yield "пісня " * 22 + ".wav", sound, "sound"
    yield "-rf.wav", sound, "sound"
    yield "%s {0} $(true) '; drop table.wav", sound, "sound"
    yield "http:..x.m4a", aac, "sound"


def _junk() -> Iterator[File]:
    rng = np.random.default_rng(11)
    yield "zero_bytes.wav", b"", "failure"
    yield "one_byte.wav", b"R", "failure"
    yield "only_zeros.wav", bytes(5_000), "failure"
    yield "random.wav", rng.bytes(20_000), "failure"
    yield "random_after_a_header.flac", written(tone(), format="FLAC")[:100] + rng.bytes(5_000), "either"
    yield "random_after_a_header.m4a", muxed(tone(), container="ipod", codec="aac")[:2_000] + rng.bytes(5_000), "either"
    for extension, data in (
        ("flac", written(tone(), format="FLAC")),
        ("ogg", written(tone(), format="OGG", subtype="VORBIS")),
        ("mp3", written(tone(), format="MP3")),
        ("m4a", muxed(tone(), container="ipod", codec="aac")),
    ):
        hole = bytearray(data)
        hole[len(data) // 2 : len(data) // 2 + 400] = rng.bytes(400)
        yield f"hole_in_the_middle.{extension}", bytes(hole), "sound"
    # Both name another file; a reader that followed them would read whatever the sender likes.
    yield "concat_list.mp3", b"ffconcat version 1.0\nfile whole.wav\n", "failure"
    yield "playlist.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nwhole.wav\n#EXT-X-ENDLIST\n", "failure"


def _videos() -> Iterator[File]:
    yield "video_with_pcm.mkv", muxed(tone(), container="matroska", codec="pcm_s16le", has_video=True), "sound"
    yield "video_with_aac.mp4", muxed(tone(), container="mp4", codec="aac", has_video=True), "sound"
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        _add_video(target)
    yield "video_only.mp4", out.getvalue(), "failure"


def _add_video(target: av.container.OutputContainer) -> None:
    stream = target.add_stream("mpeg4", rate=10)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    for index in range(5):
        frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 40 * index, np.uint8), format="rgb24")
        target.mux(stream.encode(frame))
    target.mux(stream.encode(None))


def _folder(folder: Path) -> tuple[str, Expectation]:
    (folder / "folder.wav").mkdir()
    return "folder.wav", "failure"


def _named_pipe(folder: Path) -> tuple[str, Expectation]:
    os.mkfifo(folder / "pipe.wav")
    return "pipe.wav", "failure"


def _symlink_loop(folder: Path) -> tuple[str, Expectation]:
    (folder / "loop.wav").symlink_to("loop.wav")
    return "loop.wav", "failure"


def _dangling_symlink(folder: Path) -> tuple[str, Expectation]:
    (folder / "dangling.wav").symlink_to("nowhere.wav")
    return "dangling.wav", "failure"


def _good_symlink(folder: Path) -> tuple[str, Expectation]:
    (folder / "symlink.wav").symlink_to("whole.wav")
    return "symlink.wav", "sound"


def _forbidden(folder: Path) -> tuple[str, Expectation]:
    path = folder / "forbidden.wav"
    path.write_bytes(written(tone(), format="WAV"))
    path.chmod(0)
    # root reads it all the same
    return path.name, "either"


_NOT_FILES: tuple[Callable[[Path], tuple[str, Expectation]], ...] = (
    _folder,
    _named_pipe,
    _symlink_loop,
    _dangling_symlink,
    _good_symlink,
    _forbidden,
)

_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
