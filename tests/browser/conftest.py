"""Fixtures that several browser tests share."""

from tests.browser.deck_page import browser as browser
from tests.browser.deck_page import page as page
from tests.browser.deck_page import served as served
