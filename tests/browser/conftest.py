"""Fixtures that several browser tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.apps.digits import fill_with_digits
from tests.apps.made import Made, new_database, open_made
from tests.browser.dashboard import Dashboard, serve_dashboard
from tests.browser.deck_page import browser as browser
from tests.browser.deck_page import page as page
from tests.browser.deck_page import served as served


@pytest.fixture(scope="session")
def digits_made(
    database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory, test_data: Path
) -> Iterator[Made]:
    """The digits of the curate page's tests, made once; each test takes a copy."""
    folder = tmp_path_factory.mktemp("digits")
    with new_database(database_url, template_database) as url:
        with open_made(url, folder) as session:
            fill_with_digits(session, test_data)
        yield Made(server_url=database_url, database=urlsplit(url).path.strip("/"), folder=folder)


@pytest.fixture(scope="session")
def curate_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """The curate page, served once for all its tests."""
    with serve_dashboard(tmp_path_factory.mktemp("curate"), "curate") as running:
        yield running
