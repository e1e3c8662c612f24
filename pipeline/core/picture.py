"""How the project's spectrograms are drawn: one recipe, so that everyone sees the same picture of a clip."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast, get_args

from pipeline.core.errors import SettingsError
from pipeline.core.plugin_spec import canonical_json

Scale = Literal["mel", "linear", "log"]
Colours = Literal["ember", "viridis", "grey"]
"""Viridis is told apart by people who see few colours; ember and grey follow the page's light or dark."""

_BOUNDS: dict[str, tuple[float, float]] = {
    "window_ms": (1.0, 500.0),
    "overlap": (0.0, 0.98),
    "fmin_hz": (0.0, 190_000.0),
    "n_bands": (16, 256),
    "range_db": (10.0, 120.0),
}
_HASH_LETTERS = 16


@dataclass(frozen=True, kw_only=True)
class PictureRecipe:
    """What every spectrogram of the project is drawn by.

    ``overlap`` is the share of a window that the next one covers again. The picture ends at half a clip's rate where
    ``fmax_hz`` is None or above it. ``pcen`` (per-channel energy normalization) fades what is steady in each band, so
    that faint calls stand out; then ``range_db`` has no meaning. Raises SettingsError for what cannot be drawn.
    """

    window_ms: float = 30.0
    overlap: float = 0.875
    scale: Scale = "mel"
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    n_bands: int = 112
    pcen: bool = False
    range_db: float = 80.0
    colours: Colours = "ember"

    def __post_init__(self) -> None:
        for name, (lowest, highest) in _BOUNDS.items():
            _demand_number(name, getattr(self, name), lowest, highest)
        if int(self.n_bands) != self.n_bands:
            raise SettingsError("n_bands of the picture is no whole number", got=self.n_bands)
        if self.fmax_hz is not None:
            _demand_number("fmax_hz", self.fmax_hz, self.fmin_hz + 1, 192_000.0)
        for name, known in (("scale", get_args(Scale)), ("colours", get_args(Colours))):
            if getattr(self, name) not in known:
                raise SettingsError(
                    f"{name} of the picture is unknown", expected=" or ".join(known), got=repr(getattr(self, name))
                )
        if not isinstance(cast(object, self.pcen), bool):
            raise SettingsError("pcen of the picture is a yes or no", expected="true or false", got=repr(self.pcen))
        if self.scale == "log" and self.fmin_hz < 1:
            raise SettingsError(
                "a log scale begins above 0 Hz", expected="fmin_hz of 1 or more", got=self.fmin_hz, do="say --fmin 50"
            )

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values; ``picture_from`` reads them back."""
        return asdict(self)

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal letters that every equal recipe has, and hardly another; kept with each annotation."""
        # One number is one text, whether YAML wrote it as 30 or 30.0.
        plain = {key: float(x) if isinstance(x, int) and key != "pcen" else x for key, x in self.to_json().items()}
        return hashlib.sha256(canonical_json(plain)).hexdigest()[:_HASH_LETTERS]

    def demand_rate(self, rate_hz: int) -> None:
        """Return if clips of this rate have something to show. Raises SettingsError."""
        if self.fmin_hz >= rate_hz / 2:
            raise SettingsError(
                "fmin_hz of the picture is above all that clips hold",
                expected=f"below {rate_hz / 2:g}",
                got=self.fmin_hz,
            )


def picture_from(value: object, *, which: str) -> PictureRecipe:
    """The recipe in plain JSON or YAML values; what is missing is as usual. Raises SettingsError."""
    if value is None:
        return PictureRecipe()
    if not isinstance(value, Mapping):
        raise SettingsError("picture is a mapping", which=which, got=type(value).__name__)
    record = dict(cast(Mapping[str, Any], value))
    known = [f.name for f in fields(PictureRecipe)]
    if unknown := sorted(set(record) - set(known)):
        raise SettingsError(
            "unknown key in picture", which=f"{', '.join(unknown)} in {which}", expected=", ".join(known)
        )
    return PictureRecipe(**record)


def _demand_number(name: str, value: object, lowest: float, highest: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not lowest <= cast(float, value) <= highest:
        raise SettingsError(f"{name} of the picture is out of range", expected=f"{lowest:g} to {highest:g}", got=value)
