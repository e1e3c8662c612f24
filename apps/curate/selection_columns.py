"""The columns of clips in words: names, units, and numbers as people write them. Pure."""

from __future__ import annotations

from pipeline.catalog.clip_columns import CONFIDENCE, NUMBERS

_PER_CENT = 100.0
# Words, unit, and what a value is multiplied by to stand in that unit.
_WORDS: dict[str, tuple[str, str, float]] = {
    "label": ("label", "", 1.0),
    "prediction": ("prediction", "", 1.0),
    "confidence": ("confidence of the prediction", "%", _PER_CENT),
    "duration_s": ("duration", "s", 1.0),
    "peak_dbfs": ("peak level", "dBFS", 1.0),
    "rms_dbfs": ("mean level", "dBFS", 1.0),
    "loudness_lufs": ("loudness", "LUFS", 1.0),
    "snr_db": ("signal to noise", "dB", 1.0),
    "silence_ratio": ("silence", "%", _PER_CENT),
    "clipped_ratio": ("clipped samples", "%", _PER_CENT),
    "dc_offset": ("DC offset", "% FS", _PER_CENT),
    "bandwidth_hz": ("bandwidth", "Hz", 1.0),
    "recording": ("recording", "", 1.0),
    "source_group": ("source group", "", 1.0),
}


def is_number(name: str) -> bool:
    """Whether the column holds numbers."""
    return name == CONFIDENCE or name in NUMBERS


def column_label(name: str) -> str:
    """The column's name on screen; one without words is shown as it is."""
    return _WORDS[name][0] if name in _WORDS else name


def column_unit(name: str) -> str:
    """The unit in which people give the column's values; empty for none."""
    return _WORDS[name][1] if name in _WORDS else ""


def column_scale(name: str) -> float:
    """What a value of the column is multiplied by to stand in that unit."""
    return _WORDS[name][2] if name in _WORDS else 1.0


def shown_value(name: str, value: float | str) -> str:
    """A value of the column as people read it, without its unit: three digits, texts as they are."""
    if not is_number(name):
        return str(value)
    number = float(value) * column_scale(name)
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
