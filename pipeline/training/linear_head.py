"""A quick linear head on embeddings: what a model would say after the labels so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class LinearHead:
    """A fitted head. ``labels`` are the columns of its probabilities, sorted."""

    labels: tuple[str, ...]
    model: Any

    def probabilities(self, vectors: Float32) -> Float32:
        """Probabilities float32 (n, k) of each label for vectors float32 (n, d); rows sum to 1."""
        if len(vectors) == 0:
            return np.zeros((0, len(self.labels)), np.float32)
        return np.asarray(self.model.predict_proba(vectors), np.float32)


def fit_linear_head(vectors: Float32, labels: Sequence[str], *, seed: int) -> LinearHead | None:
    """Logistic regression on vectors float32 (n, d); None while there are fewer than two labels to tell apart."""
    if len(set(labels)) < 2:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300, random_state=seed))
    model.fit(vectors, list(labels))
    return LinearHead(labels=tuple(str(label) for label in model.classes_), model=model)
