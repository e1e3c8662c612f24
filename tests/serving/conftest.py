"""One lab for all attacks that leave it as it was, and browsers of those inside and outside."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.apps.made import new_database
from tests.serving.shared_lab import Lab, client, open_lab, sign_in


@pytest.fixture(scope="package")
def lab(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with new_database(database_url, template_database) as url, open_lab(url, folder) as running:
        yield running


@pytest.fixture
def stranger(lab: Lab) -> Iterator[httpx.Client]:
    with client(lab) as browser:
        yield browser


@pytest.fixture
def anna(lab: Lab) -> Iterator[httpx.Client]:
    with client(lab) as browser:
        assert sign_in(browser, lab.anna).status_code == 302
        yield browser


@pytest.fixture
def ben(lab: Lab) -> Iterator[httpx.Client]:
    with client(lab) as browser:
        assert sign_in(browser, lab.ben).status_code == 302
        yield browser
