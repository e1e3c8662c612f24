"""Fixtures that several browser tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.digits import make_digits
from tests.apps.made import Made
from tests.browser.dashboard import Dashboard, serve_dashboard
from tests.browser.deck_page import browser as browser
from tests.browser.deck_page import page as page
from tests.browser.deck_page import served as served


@pytest.fixture(scope="session")
def digits_made(
    database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory, test_data: Path
) -> Iterator[Made]:
    with make_digits(database_url, template_database, tmp_path_factory.mktemp("digits"), test_data) as made:
        yield made


@pytest.fixture(scope="session")
def curate_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """The curate page, served once for all its tests."""
    with serve_dashboard(tmp_path_factory.mktemp("curate"), "curate") as running:
        yield running


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file go to one worker of xdist, so that its server and its browser start once."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
