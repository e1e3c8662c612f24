"""kill -9 of the page's own kernel while a person labels at speed: told in words, nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from apps.session import Session
from tests.apps.made import Made, make_once
from tests.browser.harness import Link, Served, open_chromium, open_page
from tests.browser.test_review import Review, serve_review

pytestmark = pytest.mark.browser

N_CLIPS = 90
N_KILLS = 3
N_BEFORE, N_AFTER = 15, 5  # labels at speed before each kill, and after it while nobody listens
N_HELD = 20  # more than a deck ever holds
PAUSE_MS = 40
PATIENCE_MS = 60_000
PREFIX = "earmark.outbox/"

# Every event that enters the browser's outbox, and every one that leaves it because the page takes it as saved.
WATCH_OUTBOX = """
(() => {
  window.__kept = []; window.__gone = [];
  const {setItem, removeItem} = Storage.prototype;
  Storage.prototype.setItem = function (key, value) {
    setItem.call(this, key, value);
    if (key.startsWith("PREFIX")) window.__kept.push({...JSON.parse(value), at_ms: performance.now()});
  };
  Storage.prototype.removeItem = function (key) {
    if (key.startsWith("PREFIX")) window.__gone.push(key.slice(key.lastIndexOf("/") + 1));
    removeItem.call(this, key);
  };
})()
""".replace("PREFIX", PREFIX)


class Tab(Review):
    """A review page that writes down what entered and what left its outbox, reload by reload."""

    def __init__(self, page: Page, url: str) -> None:
        page.add_init_script(WATCH_OUTBOX)
        self._kept: list[dict[str, Any]] = []
        self._gone: list[str] = []
        super().__init__(page, url)

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What the person decided in this tab, in order."""
        return [*self._kept, *self.page.evaluate("window.__kept")]

    @property
    def gone(self) -> list[str]:
        """The ids of what the page took as saved."""
        return [*self._gone, *self.page.evaluate("window.__gone")]

    def reload(self, *, by: Locator) -> None:
        self._kept, self._gone = self.kept, self.gone
        with self.page.expect_navigation():
            by.click()
        self.wait_for_sound()

    def label_fast(self, n: int, *, most_s: float = 60.0) -> float:
        """Press label keys, whatever the page makes of them, until n more clips are decided. Gives labels a second."""
        began, n_done, n_before = time.monotonic(), 0, self._n_kept()
        while n_done < n and time.monotonic() - began < most_s:
            self.page.keyboard.press(str(1 + n_done % 3))
            n_done = self._n_kept() - n_before
            if n_done < n:
                self.page.wait_for_timeout(PAUSE_MS)
        return n_done / (time.monotonic() - began)

    def hold(self, key: str) -> None:
        """Keep a key down for a while: after the first press it comes again and again, marked as a repetition."""
        for _ in range(40):
            self.page.keyboard.down(key)
        self.page.keyboard.up(key)
        self.page.wait_for_timeout(300)

    def _n_kept(self) -> int:
        return self.page.evaluate("window.__kept.length")


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N_CLIPS) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_review(session, session.workspace.url, tmp_path_factory.mktemp("review")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def kernel_pid(page: Page) -> int:
    """The process that answers this page: below Voila, by the id that the page knows."""
    config = "JSON.parse(document.getElementById('jupyter-config-data').textContent)"
    kernel_id = page.evaluate(f"{config}.kernelId")
    family = psutil.Process().children(recursive=True)
    (pid,) = [p.pid for p in family if any(kernel_id in word for word in p.cmdline())]
    return pid


def place(page: Page) -> list[float]:
    """Where the deck stands on the page: left, top, width."""
    return page.evaluate(
        "(({x, y, width}) => [x, y, width])(document.querySelector('.em-deck').getBoundingClientRect())"
    )


def annotation_ids(session: Session) -> list[tuple[str, int]]:
    """Every annotation that a person made, with its clip."""
    rows = session.workspace.conn.execute("SELECT annotation_id, clip_id FROM annotation WHERE source = 'human'")
    return [(str(row[0]), row[1]) for row in rows]


def test_whatever_the_page_showed_as_saved_outlives_its_kernel_and_the_rest_is_saved_after_the_reload(
    browser: Browser, served: Served, session: Session
) -> None:
    with open_page(browser) as page:
        tab = Tab(page, served.url)
        notice, rates, n_waited = page.locator(".em-deck-notice"), list[float](), 0
        for _ in range(N_KILLS):
            pid = kernel_pid(page)
            rates.append(tab.label_fast(N_BEFORE))
            stands_at = place(page)
            os.kill(pid, signal.SIGKILL)  # the last answer is on its way
            tab.label_fast(N_AFTER, most_s=5)
            expect(notice).to_contain_text("The server no longer knows this page. Reload it", timeout=PATIENCE_MS)
            shown_as_saved = tab.gone
            in_database = {annotation_id for annotation_id, _ in annotation_ids(session)}
            assert set(shown_as_saved) <= in_database
            n_waiting = len(tab.kept) - len(shown_as_saved)
            expect(page.locator(".em-deck-saved")).to_have_text(f"{n_waiting} unsaved" if n_waiting else "offline")
            n_waited += n_waiting
            assert place(page) == stands_at
            tab.reload(by=notice.get_by_role("button", name="Reload"))
            tab.wait_until_saved()
            expect(notice).to_be_hidden()
        decided = [(event["event_id"], event["clip_id"]) for event in tab.kept]
        assert sorted(annotation_ids(session)) == sorted(decided)
        assert len({clip_id for _, clip_id in decided}) == len(decided) >= N_KILLS * N_BEFORE
        assert sorted(tab.gone) == sorted(event_id for event_id, _ in decided)
        assert n_waited > 0
        print(f"\n{len(decided)} labels, {N_KILLS} kills, {n_waited} sent after a reload")
        print("labels a second before each kill:", *(f"{rate:.1f}" for rate in rates))


def test_answer_outlives_a_server_that_was_started_anew(
    browser: Browser, served: Served, session: Session, tmp_path: Path
) -> None:
    link = Link(to_port=served.port)
    with serve_review(session, session.workspace.url, tmp_path) as anew, open_page(browser) as page:
        tab = Tab(page, served.url.replace(str(served.port), str(link.port)))
        page.wait_for_timeout(1500)  # the first clips are fetched ahead
        link.cut()
        tab.label("1")
        expect(page.locator(".em-deck-notice")).to_contain_text("Offline: 1 answer waits", timeout=PATIENCE_MS)
        link.mend(to_port=anew.port)
        notice = page.locator(".em-deck-notice", has_text="The server no longer knows this page")
        tab.reload(by=notice.get_by_role("button", name="Reload"))
        tab.wait_until_saved()
        assert [annotation_id for annotation_id, _ in annotation_ids(session)] == [tab.kept[0]["event_id"]]
    link.close()


def test_deck_without_a_kernel_goes_on_to_its_last_clip_and_then_asks_for_the_reload(
    browser: Browser, served: Served
) -> None:
    with open_page(browser) as page:
        tab = Tab(page, served.url)
        page.wait_for_timeout(1500)  # the first clips are fetched ahead
        os.kill(kernel_pid(tab.page), signal.SIGKILL)
        expect(page.locator(".em-deck-notice")).to_contain_text("Reload it to go on", timeout=PATIENCE_MS)
        for _ in range(N_HELD):
            page.keyboard.press("s")
        expect(page.get_by_role("heading", name="Reload the page for more clips")).to_be_visible()
        expect(page.locator(".em-deck-finished")).to_contain_text("sent after the reload")


def test_key_that_is_held_down_labels_one_clip_and_so_does_a_held_button(
    browser: Browser, served: Served, session: Session
) -> None:
    with open_page(browser) as page:
        tab = Tab(page, served.url)
        for key in ("1", "2", "u", "0"):
            tab.hold(key)
        page.locator(".em-deck-label").first.focus()
        tab.hold("Enter")
        tab.wait_until_saved()
        assert len(tab.kept) == len(annotation_ids(session)) == 5


def test_two_tabs_of_one_person_decide_no_clip_twice(browser: Browser, served: Served, session: Session) -> None:
    with open_page(browser) as page:
        tabs = [Tab(page, served.url), Tab(page.context.new_page(), served.url)]
        for n in range(16):
            tab = tabs[n // 2 % 2]  # two clips here, two clips there
            tab.page.bring_to_front()
            tab.label(str(1 + n % 3), listen_ms=150)
        for tab in tabs:
            tab.wait_until_saved()
        clips = [clip_id for _, clip_id in annotation_ids(session)]
        assert len(set(clips)) == len(clips) == 16
        on_stage = [tab.page.locator(".em-deck-head h2").inner_text() for tab in tabs]
        assert on_stage[0] == on_stage[1]  # what was decided in one is passed over in the other
        expect(tabs[0].page.get_by_role("alert").filter(has_text="Not saved")).to_have_count(0)


def test_page_left_open_on_another_machine_decides_nothing_twice(
    browser: Browser, served: Served, session: Session
) -> None:
    with open_page(browser) as page, open_page(browser) as far:  # two browsers that know nothing of each other
        tab, left_open = Tab(page, served.url), Tab(far, served.url)
        assert tab.label("1") == left_open.starts[0]["id"]
        tab.wait_until_saved()
        left_open.label("2")
        expect(far.get_by_role("alert")).to_contain_text("you answered this clip meanwhile on another page")
        left_open.wait_until_saved()
        assert [annotation_id for annotation_id, _ in annotation_ids(session)] == [tab.kept[0]["event_id"]]


def test_page_without_a_deck_says_too_that_its_kernel_is_gone(
    browser: Browser, session: Session, tmp_path: Path
) -> None:
    session.workspace.conn.execute("DELETE FROM review")
    with serve_review(session, session.workspace.url, tmp_path) as served, open_page(browser) as page:
        page.add_init_script(WATCH_OUTBOX)
        page.goto(served.url)
        expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible(timeout=PATIENCE_MS)
        os.kill(kernel_pid(page), signal.SIGKILL)
        notice = page.get_by_role("alert").filter(has_text="The server no longer knows this page")
        notice.get_by_role("button", name="Reload").click(timeout=PATIENCE_MS)
        expect(notice).to_have_count(0)
        expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible(timeout=PATIENCE_MS)
