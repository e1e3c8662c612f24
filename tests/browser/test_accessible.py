"""The dashboards for who works by keys, by a screen reader, or sees little contrast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.cli.serve import PAGES, dashboards, free_port, page_url
from tests.apps.made import make_once
from tests.browser.harness import open_chromium, open_page

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
LEAST_CONTRAST, LEAST_CONTRAST_LARGE = 4.5, 3.0  # WCAG 2.2, success criterion 1.4.3

# What can be used by keys but has no name (after the W3C's accessible name computation, as far as our pages need it).
NAMELESS = """() => {
  const nameOf = (e) => {
    const by = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText);
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName);
    const labels = [...(e.labels ?? [])].map((label) => label.innerText);
    const words = [e.getAttribute("aria-label"), ...by, ...labels, e.title, isField ? "" : e.innerText];
    return words.filter((text) => text?.trim()).join(" ");
  };
  const usable = "button, a[href], input:not([type=hidden]), select, textarea, [tabindex='0']";
  const nameless = [...document.querySelectorAll(usable)].filter((e) => e.checkVisibility() && !nameOf(e));
  return nameless.map((e) => e.outerHTML);
}"""

# Texts with too little contrast to what lies below them, by the formula of WCAG 2.
PALE = """([least, leastLarge]) => {
  const parse = (colour) => {
    const n = colour.match(/[\\d.]+/g).map(Number);
    const [r, g, b, a = 1] = colour.startsWith("color(") ? [255 * n[0], 255 * n[1], 255 * n[2], n[3]] : n;
    return [r, g, b, a];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = (rgb) => {
    const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2]);
  };
  const ancestors = (e) => (e ? [e, ...ancestors(e.parentElement)] : []);
  const fillOf = (e) => parse(getComputedStyle(e).backgroundColor);
  const groundOf = (e) => ancestors(e).reduceRight((below, n) => over(fillOf(n), below), [255, 255, 255]);
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const e = text.parentElement;
    const isOff = e.closest(":disabled, [aria-disabled=true], [aria-hidden=true], script, style, noscript");
    if (!text.textContent.trim() || isOff || !e.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(e);
    const opacity = ancestors(e).reduce((share, n) => share * Number(getComputedStyle(n).opacity), 1);
    const [r, g, b, a] = parse(style.color);
    const ground = groundOf(e);
    const [darker, lighter] = [light(ground), light(over([r, g, b, a * opacity], ground))].sort((x, y) => x - y);
    const px = parseFloat(style.fontSize);
    const isLarge = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    if (contrast < (isLarge ? leastLarge : least)) found.push(`${contrast.toFixed(2)}: ${text.textContent.trim()}`);
  }
  return found;
}"""

RING = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
}"""


@pytest.fixture(scope="module")
def port(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with ExitStack() as ends:
        made = ends.enter_context(make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=12))
        session = ends.enter_context(made.copy())
        port = free_port(0)
        ends.enter_context(dashboards(session.workspace, port=port))
        yield port


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def visit(page: Page, port: int, name: str) -> None:
    page.goto(page_url(port, name))
    expect(page.locator("header [aria-current]")).to_have_text(name.title(), timeout=PATIENCE_MS)
    page.wait_for_timeout(500)


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everything_that_can_be_used_has_a_name_and_every_text_can_be_read(
    browser: Browser, port: int, name: str, is_dark: bool
) -> None:
    with open_page(browser, is_dark=is_dark) as page:
        visit(page, port, name)
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(PALE, [LEAST_CONTRAST, LEAST_CONTRAST_LARGE]) == []


@pytest.mark.parametrize("name", PAGES)
def test_tab_key_shows_where_it_is(browser: Browser, port: int, name: str) -> None:
    with open_page(browser) as page:
        visit(page, port, name)
        page.locator("header a").first.focus()
        n_seen = 0
        while n_seen < 30:
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break  # beyond the last one
            assert page.evaluate(RING), page.evaluate("document.activeElement.outerHTML")
            n_seen += 1
        assert n_seen >= 7  # the pages and the theme at least


def test_button_that_was_pressed_by_key_keeps_the_focus(browser: Browser, port: int) -> None:
    with open_page(browser) as page:
        visit(page, port, "recordings")
        for name in ("Bring in", "Cut", "Make ready for review"):
            button = page.get_by_role("group").get_by_role("button", name=name, exact=True).first
            button.focus()
            page.keyboard.press("Enter")
            expect(button).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
            page.wait_for_timeout(300)
            expect(button).to_be_focused()
