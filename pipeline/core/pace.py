"""How fast a run goes and how long it will take, from what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class _Seen:
    stage: object
    n: int
    at_s: float


@dataclass(kw_only=True)
class Pace:
    """How fast a stage goes, by what was seen of it: what was done before it began counts for nothing."""

    min_watched_s: float = 3.0
    _first: _Seen | None = field(default=None)

    def see(self, stage: object, n: int, *, n_total: int | None, at_s: float) -> tuple[float | None, float | None]:
        """Items per second and seconds left, None while not known yet.

        ``n`` items are through (done or failed) at ``at_s`` of any steady clock; another ``stage`` or a falling ``n``
        begins anew.
        """
        first = self._first
        if first is None or first.stage != stage or n < first.n:
            self._first = _Seen(stage=stage, n=n, at_s=at_s)
            return None, None
        watched_s = at_s - first.at_s
        if watched_s < self.min_watched_s or n <= first.n:
            return None, None
        rate = (n - first.n) / watched_s
        return rate, None if n_total is None else max(0, n_total - n) / rate


def progress_words(
    stage: str, n: int, *, n_total: int | None, n_failed: int, rate: float | None = None, left_s: float | None = None
) -> str:
    """How far a run is, as one line: cutting 1,240 of 5,000, 210 a second, 18 s left, 2 failed."""
    facts = [f"{stage} {n:,} of {n_total:,}" if n_total is not None else f"{stage} {n:,}" if n else stage]
    if speed := speed_words(rate, left_s):
        facts.append(speed)
    if n_failed:
        facts.append(f"{n_failed:,} failed")
    return ", ".join(facts)


def speed_words(rate: float | None, left_s: float | None) -> str:
    """210 a second, 18 s left; empty while nothing is known. Slow work is told by the minute."""
    if rate is None:
        return ""
    speed = (
        f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.0f} a minute"
    )
    if not left_s:
        return speed
    return f"{speed}, {max(1, round(left_s))} s left" if left_s < 60 else f"{speed}, {duration_words(left_s)} left"


def duration_words(seconds: float) -> str:
    """A time span for people: 4.0 s, 40 s, 3 min, 2 h 05 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
