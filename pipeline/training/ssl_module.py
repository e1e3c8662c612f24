"""SimCLR as Lightning runs it. This module imports torch: import it where training begins, and nowhere else."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.utils.scheduler import cosine_schedule
from torch.utils.data import DataLoader, IterableDataset

from pipeline.plugins.encoders.lightly_ssl_network import N_FEATURES, network, pooled
from pipeline.training.ssl_views import Bank, two_views

_N_OUTPUT = 128
_SCHEDULE_STEPS = 10_000
ROUND_STEPS = 10
"""Steps between two looks: the curve, the checkpoint and a person's wish to stop."""


class SimClr(lightning.LightningModule):
    """Network, head and loss. ``share_done`` tells how much of the training is over, from 0 to 1."""

    def __init__(
        self, *, learning_rate: float, temperature: float, weight_decay: float, share_done: Callable[[], float]
    ) -> None:
        super().__init__()
        self.network = network().to(memory_format=torch.channels_last)
        self.head = SimCLRProjectionHead(N_FEATURES, N_FEATURES, _N_OUTPUT)
        self.loss = NTXentLoss(temperature=temperature)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.share_done = share_done
        self.losses: list[float] = []

    def training_step(self, batch: list[torch.Tensor], batch_index: int) -> torch.Tensor:
        first, second = (view.to(memory_format=torch.channels_last) for view in batch)
        outputs = self.head(pooled(self.network(torch.cat([first, second]))))
        loss = self.loss(*outputs.chunk(2))
        self.losses.append(float(loss.detach()))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        # By the share of the work that is over, not by a number of steps: a slow machine has fewer.
        step = min(_SCHEDULE_STEPS, round(self.share_done() * _SCHEDULE_STEPS))
        optimizer = self.trainer.optimizers[0]
        for group in optimizer.param_groups:
            rising = min(1.0, (self.global_step + 1) / ROUND_STEPS)
            group["lr"] = rising * cosine_schedule(step, _SCHEDULE_STEPS, self.learning_rate, self.learning_rate / 100)


class Batches(IterableDataset[tuple[np.ndarray, np.ndarray]]):
    """The next steps' views; step k of a seed always has the same, also after a new start."""

    def __init__(self, bank: Bank, *, n_batch: int, seed: int, step: Callable[[], int]) -> None:
        self.bank, self.n_batch, self.seed, self.step = bank, n_batch, seed, step

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        first = self.step()
        for step in range(first, first + ROUND_STEPS):
            rng = np.random.default_rng((self.seed, step))
            yield two_views(self.bank, rng.choice(len(self.bank), self.n_batch, replace=False), rng)


class Rounds(lightning.Callback):
    """After every round: the caller looks, the checkpoint is written, the caller is told; then it may be over."""

    def __init__(
        self,
        *,
        look: Callable[[SimClr], None],
        tell: Callable[[SimClr], None],
        path: Path | None,
        state: dict[str, Any],
    ) -> None:
        self.look, self.tell, self.path, self.state = look, tell, path, state
        self.raised: BaseException | None = None

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not isinstance(pl_module, SimClr):
            return
        self.look(pl_module)
        if self.path is not None:
            half = self.path.with_name(f".{self.path.name}.tmp")
            trainer.save_checkpoint(half)
            half.replace(self.path)
        try:
            self.tell(pl_module)
        except BaseException as error:
            self.raised = error
        if self.raised is not None or pl_module.share_done() >= 1:
            trainer.should_stop = True

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        # Lightning makes a SystemExit of an interrupt; who called is to hear what it was.
        self.raised = exception

    def state_dict(self) -> dict[str, Any]:
        return dict(self.state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.state.update(state_dict)


def fit(
    module: SimClr, batches: Batches, rounds: Rounds, *, n_rounds: int, is_resumed: bool, device: str = "auto"
) -> None:
    """Train until so many rounds are over or the module says that its time is; from the checkpoint if there is one."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=n_rounds,
            accelerator=device,
            devices=1,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            callbacks=[rounds],
        )
        path = str(rounds.path) if is_resumed and rounds.path is not None else None
        try:
            trainer.fit(module, DataLoader(batches, batch_size=None), ckpt_path=path, weights_only=True)
        except SystemExit:
            if rounds.raised is None:
                raise
    if rounds.raised is not None:
        raise rounds.raised
