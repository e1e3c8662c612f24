"""Where things are and how a project starts: the only reader of the environment and of YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import unquote, urlsplit

import yaml

from pipeline.core.errors import SettingsError
from pipeline.core.picture import PictureRecipe, picture_from
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.scrub import is_secret_name
from pipeline.core.types import AudioFormat, Preference, Workers

LOG_FORMATS, LOG_LEVELS = ("text", "json"), ("info", "debug", "warning", "error")
LabelsPerClip = Literal["one", "many"]
FARTHEST_ALIKE = 0.5
"""No cosine distance at which clips sound alike is larger: it is that of vectors 60 degrees apart."""
DEFAULT_RECIPE = Path(__file__).parent.parent.parent / "config" / "project.yaml"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the workspace, the database and the store are, and who works.

    Without ``database_url`` the embedded PostgreSQL under the workspace serves. A worker sets ``job_id`` and ``act_as``
    for the verbs that it carries: what they write belongs to that job, and they have its submitter's rights.
    ``secrets`` are the passwords and keys of the environment, so that no log shows them.
    """

    workspace: Path
    database_url: str | None
    store_uri: str
    project: str
    workers: Workers
    job_id: int | None = None
    act_as: str | None = None
    log_format: Literal["text", "json"] = "text"
    log_level: str = "info"
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a project works: its audio format, its labels and the plug-in of each stage.

    ``prefer`` says which clip represents a near-duplicate group, the first word first. Clips whose embeddings are
    nearer than ``alike_distance`` (cosine distance) are redundant too; None leaves what only sounds alike. ``picture``
    says how spectrograms are drawn.
    """

    audio_format: AudioFormat
    labels: tuple[str, ...]
    segmenter: PluginSpec
    encoder: PluginSpec
    projector: PluginSpec
    deduplicator: PluginSpec
    selector: PluginSpec
    query_strategy: PluginSpec
    split_fractions: Mapping[str, float]
    prefer: tuple[Preference, ...] = ("labelled", "longest")
    alike_distance: float | None = None
    picture: PictureRecipe = field(default_factory=PictureRecipe)
    labels_per_clip: LabelsPerClip = "one"

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values; ``recipe_from`` reads them back."""
        out: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, PluginSpec | PictureRecipe):
                out[item.name] = value.to_json()
            elif isinstance(value, AudioFormat):
                out[item.name] = {f.name: getattr(value, f.name) for f in fields(value)}
            elif isinstance(value, Mapping):
                out[item.name] = dict(cast(Mapping[str, Any], value))
            else:
                out[item.name] = list(cast(tuple[str, ...], value)) if isinstance(value, tuple) else value
        return out


def load_settings(
    *, workspace: str | Path | None = None, project: str | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings from arguments, else from EARMARK_* variables, else the defaults.

    Raises SettingsError if EARMARK_WORKERS is neither a positive number nor a Dask scheduler's address, and for a
    form or level of the log that is none.
    """
    env = os.environ if environ is None else environ
    folder = Path(workspace or env.get("EARMARK_WORKSPACE") or "workspace").absolute()
    job_id = env.get("EARMARK_JOB", "")
    return Settings(
        workspace=folder,
        database_url=env.get("EARMARK_DATABASE_URL") or None,
        store_uri=env.get("EARMARK_STORE") or (folder / "store").as_uri(),
        project=project or env.get("EARMARK_PROJECT") or "default",
        workers=_workers(env.get("EARMARK_WORKERS") or str(os.cpu_count() or 1)),
        job_id=int(job_id) if job_id.isdecimal() else None,
        act_as=env.get("EARMARK_ACT_AS") or None,
        log_format="json" if _one_of("EARMARK_LOG", LOG_FORMATS, env) == "json" else "text",
        log_level=_one_of("EARMARK_LOG_LEVEL", LOG_LEVELS, env),
        secrets=_secrets(env),
    )


def _one_of(name: str, allowed: tuple[str, ...], env: Mapping[str, str]) -> str:
    """The variable's value, the first allowed one if it is not set."""
    value = (env.get(name) or allowed[0]).lower()
    if value not in allowed:
        raise SettingsError(f"{name} cannot be used", expected=" or ".join(allowed), got=value)
    return value


def _secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    found = {value for name, value in env.items() if value and is_secret_name(name)}
    try:
        password = urlsplit(env.get("EARMARK_DATABASE_URL", "")).password
    except ValueError:
        password = None
    return tuple(sorted(found | ({password, unquote(password)} if password else set())))


def _workers(text: str) -> Workers:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    if re.fullmatch(r"[a-z]+://\S+", text):
        return text
    raise SettingsError(
        "EARMARK_WORKERS says nobody who works",
        expected="a number of processes, or the address of a Dask scheduler like tcp://host:8786",
        got=text,
    )


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """The recipe in a YAML file (config/project.yaml shows every key). Raises SettingsError."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError("cannot read the recipe", which=path, got=str(error)) from error
    return recipe_from(value, which=str(path))


def recipe_from(value: object, *, which: str) -> Recipe:
    """The recipe in plain JSON or YAML values; what is missing comes from config/project.yaml.

    Raises SettingsError naming the key, PluginError for a malformed spec.
    """
    if not isinstance(value, Mapping):
        raise SettingsError("a recipe is a mapping", which=which, got=type(value).__name__)
    given = dict(cast(Mapping[str, Any], value))
    known = {f.name for f in fields(Recipe)}
    if unknown := sorted(set(given) - known):
        raise SettingsError(
            "unknown key in the recipe", which=f"{', '.join(unknown)} in {which}", expected=", ".join(sorted(known))
        )
    if missing := known - set(given):
        defaults = yaml.safe_load(DEFAULT_RECIPE.read_text(encoding="utf-8"))
        given |= {key: defaults[key] for key in missing}
    try:
        audio_format = AudioFormat(**given.pop("audio_format"))
    except TypeError as error:
        raise SettingsError("cannot read audio_format", which=which, got=str(error)) from error
    labels = tuple(str(label) for label in given.pop("labels") or ())
    fractions = _fractions(given.pop("split_fractions"), which)
    prefer = _preferences(given.pop("prefer"), which)
    alike_distance = _alike_distance(given.pop("alike_distance"), which)
    picture = picture_from(given.pop("picture"), which=which)
    labels_per_clip = _labels_per_clip(given.pop("labels_per_clip"), which)
    picture.demand_rate(audio_format.rate_hz)
    specs = {key: PluginSpec.from_json(spec) for key, spec in given.items()}
    return Recipe(
        audio_format=audio_format,
        labels=labels,
        split_fractions=fractions,
        prefer=prefer,
        alike_distance=alike_distance,
        picture=picture,
        labels_per_clip=labels_per_clip,
        **specs,
    )


def _preferences(value: object, which: str) -> tuple[Preference, ...]:
    words = [str(word) for word in cast(Sequence[object], value)] if isinstance(value, Sequence) else [str(value)]
    known: tuple[Preference, ...] = get_args(Preference)
    if isinstance(value, str) or set(words) - set(known) or len(set(words)) < len(words):
        raise SettingsError(
            "cannot read prefer", which=which, expected=f"some of {', '.join(known)}, each once", got=value
        )
    return tuple(known[known.index(word)] for word in words)  # pyright: ignore[reportArgumentType]


def _labels_per_clip(value: object, which: str) -> LabelsPerClip:
    if value not in get_args(LabelsPerClip):
        raise SettingsError("cannot read labels_per_clip", which=which, expected="one or many", got=value)
    return cast(LabelsPerClip, value)


def _alike_distance(value: object, which: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not 0 < value <= FARTHEST_ALIKE:
        expected = f"above 0, up to {FARTHEST_ALIKE}; or null"
        raise SettingsError("alike_distance out of range", which=which, expected=expected, got=value)
    return float(value)


def _fractions(value: object, which: str) -> dict[str, float]:
    names = ("train", "validation", "test")
    record = cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}
    fractions = {name: float(record.get(name, 0.0)) for name in names}
    if set(record) - set(names) or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise SettingsError(
            "split_fractions do not add up", which=which, expected="train, validation and test, sum 1", got=record
        )
    return fractions
