"""Who guesses waits longer and longer, nobody else does, and the table does not grow for ever."""

from __future__ import annotations

from apps.serving.sessions import Sessions
from apps.serving.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_wait_doubles_with_every_guess_up_to_a_minute_and_is_forgotten_after_a_while() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits: list[float] = []
    for _ in range(12):
        throttle.count("anna", "10.0.0.1")
        waits.append(throttle.wait_s("anna", "10.0.0.9"))
        clock.now_s += waits[-1]
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert max(waits) == waits[-1] == 60
    clock.now_s += 16 * 60
    throttle.count("anna", "10.0.0.1")
    assert throttle.wait_s("anna", "10.0.0.1") == 0


def test_address_that_guesses_at_many_names_waits_and_others_do_not() -> None:
    throttle = Throttle(Clock())
    for n in range(20):
        throttle.count(f"name {n}", "10.0.0.1")
    assert throttle.wait_s("anna", "10.0.0.1") > 0
    assert throttle.wait_s("anna", "10.0.0.2") == 0


def test_right_password_does_not_wipe_out_what_the_address_guessed_about_others() -> None:
    throttle = Throttle(Clock())
    for n in range(12):
        throttle.count(f"name {n}", "10.0.0.1")
    throttle.count("anna", "10.0.0.1")
    throttle.forgive("anna", "10.0.0.1")
    assert throttle.wait_s("anna", "10.0.0.1") == 0
    throttle.count("name 99", "10.0.0.1")
    assert throttle.wait_s("ben", "10.0.0.1") > 0


def test_table_stays_bounded_under_a_flood_of_names() -> None:
    throttle = Throttle(Clock())
    for n in range(10_050):
        throttle.count(f"name {n}", f"10.0.{n // 250}.{n % 250}")
    assert len(throttle._names) == len(throttle._addresses) == 10_000


def test_person_who_opens_too_many_sessions_loses_the_oldest_and_nobody_else_does() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    of_ben, _ = sessions.begin("ben", "url")
    given = []
    for _ in range(21):
        clock.now_s += 1
        given.append(sessions.begin("anna", "url"))
    assert [ended for _, ended in given[:20]] == [[]] * 20
    assert given[20][1] == [given[0][0]]
    assert sessions.find(given[0][0].session_id) is None
    assert sessions.find(of_ben.session_id) is of_ben


def test_session_prints_neither_its_id_nor_the_login() -> None:
    session, _ = Sessions(Clock()).begin("anna", "postgresql://anna:secret@host/db")
    assert "secret" not in repr(session)
    assert session.session_id not in repr(session)
