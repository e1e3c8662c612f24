"""The widgets' JavaScript and CSS, joined into one module and one sheet each: no bundler, no CDN."""

from __future__ import annotations

from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_STANDS_ON = {
    "spectrogram.js": ("spectrogram_worker.js",),
    "sound.js": ("sound_engines.js", "sound_long.js", "sound_cache.js"),
}


def module(*names: str) -> str:
    """One ES module made of the static files, in this order.

    The files declare top-level names without import and export; the last one exports ``{ render }``. What a file
    cannot do without comes before it by itself.
    """
    whole = [part for name in names for part in (*_STANDS_ON.get(name, ()), name)]
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in whole)


def style(*names: str) -> str:
    """One style sheet made of tokens.css and the static files, in this order."""
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in ("tokens.css", *names))
