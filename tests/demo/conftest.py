"""One small demo corpus for all tests of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.demo.corpus import MIN_SOUNDS, make_corpus
from pipeline.demo.truth import PlantedTruth


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished corpus; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("demo") / "corpus"
    make_corpus(folder, n_sounds=MIN_SOUNDS)
    return folder


@pytest.fixture(scope="session")
def truth(corpus: Path) -> PlantedTruth:
    """What was planted in that corpus."""
    return make_corpus(corpus, n_sounds=MIN_SOUNDS)
