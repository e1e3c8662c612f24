"""Self-supervised training of lightly_ssl: SimCLR on views of clips, no label needed, no database seen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import SettingsError
from pipeline.core.plugin_spec import PluginSpec, canonical_json
from pipeline.core.types import Audio, Failure, Float32
from pipeline.plugins.encoders.instant import statistics
from pipeline.plugins.encoders.lightly_ssl_network import Weights, features_of, partly_whitened, unit_rows
from pipeline.training.ssl_views import Bank, make_bank

if TYPE_CHECKING:
    from pipeline.training.ssl_module import SimClr

MIN_CLIPS = 8
_N_JUDGED = 400
_N_MEASURED = 2_000
_N_NEIGHBOURS = 5
_N_LOOKS = 10
_AUGMENTERS = (
    PluginSpec(name="pitch", params={"min_semitones": -3.0, "max_semitones": 3.0}),
    PluginSpec(name="room_response"),
    PluginSpec(name="noise", params={"min_snr_db": 10.0, "max_snr_db": 30.0}),
)


@dataclass(frozen=True, kw_only=True)
class SslSettings:
    """How lightly_ssl is trained.

    It ends after ``max_steps`` batches or ``max_cpu_s`` CPU seconds of this process, making the views included,
    whichever is first; the cosine schedule follows whichever is nearer. ``augmenters`` make the versions of a clip
    that views are cut from.
    """

    max_steps: int = 2_000
    max_cpu_s: float = 300.0
    n_batch: int = 192
    temperature: float = 0.2
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    augmenters: tuple[PluginSpec, ...] = _AUGMENTERS
    n_threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"max_steps": 1, "n_batch": 2, "n_threads": 1, "seed": 0}
        for name, floor in least.items():
            if getattr(self, name) < floor:
                raise SettingsError(f"{name} out of range", expected=f"{floor} or more", got=getattr(self, name))
        for name in ("max_cpu_s", "temperature", "learning_rate"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} out of range", expected="more than 0", got=getattr(self, name))

    def sha256(self, clip_hashes: Sequence[bytes]) -> bytes:
        """What a checkpoint is known by: these settings, but for the threads, and these clips."""
        plain = {**asdict(self), "n_threads": None, "clips": [digest.hex() for digest in clip_hashes]}
        return hashlib.sha256(canonical_json(plain)).digest()


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """How far training was: ``loss`` is the mean since the point before, ``knn_accuracy`` None without labels."""

    step: int
    cpu_s: float
    loss: float
    knn_accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The weights, and how they came about. ``failed`` are clips that could not be read, by their row."""

    weights: Weights
    curve: tuple[CurvePoint, ...]
    failed: tuple[Failure, ...]
    device: str
    is_resumed: bool


OnStep = Callable[[str, int, int], None]
"""Hears the stage, how much of it is done, and of how much."""


def train_ssl(
    clips: Sequence[Audio],
    settings: SslSettings,
    *,
    labels: Sequence[str | None] = (),
    groups: Sequence[str | None] = (),
    checkpoint: Path | None = None,
    on_step: OnStep = lambda stage, n_done, n_total: None,
) -> Trained:
    """The network trained on clips alone; ``labels`` and ``groups``, of all clips or none, are for the curve only.

    Each clip is read once, one at a time; one that cannot be read fails alone. With a ``checkpoint`` it goes on from
    there if the file exists, and writes it every few steps; the file belongs to one ``SslSettings.sha256`` and is the
    caller's to remove. Uses a GPU if there is one. What ``on_step`` raises ends the training; the checkpoint stays.
    Raises SettingsError for fewer than eight clips.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(settings.n_threads)
    try:
        began_s, n = time.process_time(), len(clips)
        bank = make_bank(
            clips, settings.augmenters, seed=settings.seed, on_clip=lambda done: on_step("making views", done, n)
        )
        if len(bank) < MIN_CLIPS:
            raise SettingsError(
                "too few clips to learn from",
                expected=f"{MIN_CLIPS} or more",
                got=f"{len(bank)}, {len(bank.failed)} could not be read",
            )
        judge = _Judge.of(*([given[row] for row in bank.rows] if given else [] for given in (labels, groups)))
        return _Course(settings=settings, judge=judge, on_step=on_step, began_s=began_s).run(bank, checkpoint)
    finally:
        torch.set_num_threads(before)


@dataclass(kw_only=True)
class _Course:
    """One training while it runs. ``state`` is what the checkpoint keeps of it."""

    settings: SslSettings
    judge: _Judge
    on_step: OnStep
    began_s: float
    device: str = "cpu"
    state: dict[str, Any] = field(default_factory=lambda: {"cpu_s": 0.0, "curve": []})

    def run(self, bank: Bank, checkpoint: Path | None) -> Trained:
        import torch

        from pipeline.training import ssl_module

        settings = self.settings
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            module = ssl_module.SimClr(
                learning_rate=settings.learning_rate,
                temperature=settings.temperature,
                weight_decay=settings.weight_decay,
                share_done=lambda: self.share_done(module.global_step),
            )
        batches = ssl_module.Batches(
            bank, n_batch=min(settings.n_batch, len(bank)), seed=settings.seed, step=lambda: module.global_step
        )
        rounds = ssl_module.Rounds(
            look=lambda trained: self.look(trained, bank), tell=self.tell, path=checkpoint, state=self.state
        )
        is_resumed = checkpoint is not None and checkpoint.is_file()
        n_rounds = -(-settings.max_steps // ssl_module.ROUND_STEPS)
        ssl_module.fit(module, batches, rounds, n_rounds=n_rounds, is_resumed=is_resumed)
        return Trained(
            weights=_weights(module, bank),
            curve=tuple(CurvePoint(**point) for point in self.state["curve"]),
            failed=bank.failed,
            device=self.device,
            is_resumed=is_resumed,
        )

    def share_done(self, step: int) -> float:
        """How much of the steps or of the time is over, whichever is more."""
        return min(1.0, max(step / self.settings.max_steps, self.cpu_s() / self.settings.max_cpu_s))

    def cpu_s(self) -> float:
        """CPU seconds so far, those before a new start included."""
        return self.state["cpu_s"] + time.process_time() - self.began_s

    def look(self, module: SimClr, bank: Bank) -> None:
        """Add a point to the curve when a tenth more is over."""
        self.device = module.device.type
        share = self.share_done(module.global_step)
        curve: list[dict[str, Any]] = self.state["curve"]
        if share >= 1 or share * _N_LOOKS >= len(curve) + 1:
            accuracy = self.judge.accuracy(module, bank)
            curve.append(
                {
                    "step": module.global_step,
                    "cpu_s": round(self.cpu_s(), 1),
                    "loss": round(float(np.mean(module.losses)), 4),
                    "knn_accuracy": accuracy,
                }
            )
            module.losses.clear()
        self.state["cpu_s"], self.began_s = self.cpu_s(), time.process_time()

    def tell(self, module: SimClr) -> None:
        """Say how far it is, in percent."""
        self.on_step("training", round(100 * self.share_done(module.global_step)), 100)


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Labelled clips, at most 400, by which the curve is drawn: no neighbour counts that is of the same group."""

    rows: NDArray[np.int64]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]

    @classmethod
    def of(cls, labels: Sequence[str | None], groups: Sequence[str | None]) -> _Judge:
        labelled = [row for row, label in enumerate(labels) if label is not None]
        rows = np.random.default_rng(0).permutation(np.array(labelled, np.int64))[:_N_JUDGED]
        group_of = [groups[row] if groups else None for row in rows.tolist()]
        return cls(
            rows=rows,
            labels=np.array([labels[row] for row in rows.tolist()], np.str_),
            groups=np.array([f"row {row}" if g is None else g for row, g in zip(rows, group_of, strict=True)], np.str_),
        )

    def accuracy(self, module: SimClr, bank: Bank) -> float | None:
        """Share of the clips whose five nearest neighbours in other groups agree with their label; None without two."""
        if len(set(self.labels.tolist())) < 2 or len(set(self.groups.tolist())) < 2:
            return None
        features = _features(module, bank, self.rows)
        centre, projection = partly_whitened(features)
        unit = unit_rows(((features - centre) @ projection).astype(np.float32))
        cosines = np.where(self.groups[:, np.newaxis] == self.groups, -np.inf, unit @ unit.T)
        nearest = self.labels[np.argsort(-cosines, axis=1)[:, :_N_NEIGHBOURS]]
        votes = [max(sorted(set(row)), key=row.count) for row in nearest.tolist()]
        return round(float(np.mean(np.array(votes) == self.labels)), 4)


def _features(module: SimClr, bank: Bank, rows: NDArray[np.int64]) -> Float32:
    """Features float32 (n, 320) of the clips as they are."""
    was_training = module.network.training
    module.network.eval()
    features = np.stack([features_of(module.network, bank.plain(row), bank.n_frames) for row in rows.tolist()])
    module.network.train(was_training)
    return features


def _weights(module: SimClr, bank: Bank) -> Weights:
    seen = np.linspace(0, len(bank) - 1, min(len(bank), _N_MEASURED)).astype(np.int64)
    centre, projection = partly_whitened(_features(module, bank, seen))
    known = np.concatenate([statistics([bank.plain(row)]) for row in seen.tolist()])
    state = module.network.state_dict()
    return Weights(
        layers={name: value.detach().cpu().numpy().astype(np.float32) for name, value in state.items()},
        centre=centre,
        projection=projection,
        known_centre=unit_rows(known).mean(axis=0),
        n_frames=bank.n_frames,
    )
