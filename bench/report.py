"""The rows of the bench, as one markdown table and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.timing import Ratio

HEADINGS = ("measured", "against", "CPU", "lowest to highest", "wall", "peak memory", "goal", "holds")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. ``cpu`` and ``wall`` say how many times more the other takes; None was not measured.

    ``goal`` is the least CPU ratio asked for, ``goal_mb`` the memory that must not be reached.
    """

    measured: str
    against: str
    cpu: float | None = None
    cpu_lowest: float | None = None
    cpu_highest: float | None = None
    wall: float | None = None
    memory_mb: float | None = None
    goal: float | None = None
    goal_mb: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is not None and self.cpu is not None:
            return self.cpu >= self.goal
        if self.goal_mb is not None and self.memory_mb is not None:
            return self.memory_mb < self.goal_mb
        return None


def ratio_row(measured: str, against: str, ratio: Ratio, *, goal: float | None = None) -> Row:
    """The row of a comparison."""
    return Row(
        measured=measured,
        against=against,
        cpu=ratio.cpu,
        cpu_lowest=ratio.cpu_lowest,
        cpu_highest=ratio.cpu_highest,
        wall=ratio.wall,
        goal=goal,
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table, its columns aligned."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def plot(rows: Sequence[Row], path: Path) -> None:
    """Draw the CPU ratios with their spread and their goals, as the kind of picture that the file's ending names."""
    from matplotlib.figure import Figure

    drawn = [
        (row, row.cpu, row.cpu_lowest, row.cpu_highest)
        for row in rows
        if row.cpu is not None and row.cpu_lowest is not None and row.cpu_highest is not None
    ]
    figure = Figure(figsize=(11, 1.2 + 0.45 * len(drawn)), layout="constrained")
    axes = figure.subplots()
    for place, (row, cpu, lowest, highest) in enumerate(drawn):
        color = "#b5533c" if row.holds is False else "#2f6f8f"
        axes.barh(place, cpu, height=0.6, xerr=[[cpu - lowest], [highest - cpu]], color=color)
        axes.text(highest, place, f"  {cpu:.1f}x", va="center")
        if row.goal is not None:
            axes.plot([row.goal, row.goal], [place - 0.4, place + 0.4], color="black", linewidth=2)
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_yticks(range(len(drawn)), [f"{row.measured}\nagainst {row.against}" for row, *_ in drawn], fontsize=8)
    axes.margins(x=0.1, y=0.02)
    axes.invert_yaxis()
    axes.set_xlabel("CPU seconds of the other by ours (bar: median of the rounds; line: lowest to highest; mark: goal)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _cells(row: Row) -> tuple[str, ...]:
    has_spread = row.cpu_lowest is not None and row.cpu_highest is not None
    goal = f"{row.goal:g}x" if row.goal is not None else f"< {row.goal_mb:g} MB" if row.goal_mb is not None else "–"
    return (
        row.measured,
        row.against,
        _times(row.cpu),
        f"{_times(row.cpu_lowest)} to {_times(row.cpu_highest)}" if has_spread else "–",
        _times(row.wall),
        "–" if row.memory_mb is None else f"{row.memory_mb:.0f} MB",
        goal,
        {True: "yes", False: "no", None: "–"}[row.holds],
    )


def _times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}x"
