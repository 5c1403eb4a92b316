"""The tables at the end of a run, as rows of text; readable in 80 columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas
from rich.console import Group
from rich.table import Table

from experiments.methods import Family
from experiments.runner.experiment import Claim, Column, Experiment
from experiments.runner.extremes import highest, lowest
from experiments.runner.overall import Conclusion

LEADING_ZERO = re.compile(r"(?<=\de)(-?)\+?0*(?=\d)")  # of an exponent: 1e-06 is 1e-6, 1e+02 1e2
VERDICT = {True: "reproduced", False: "NOT REPRODUCED"}


@dataclass(frozen=True)
class TextTable:
    """Titles, cells and what the titles mean, for the terminal and for Markdown alike."""

    titles: Sequence[str]
    cells: Sequence[Sequence[str]]
    dense: bool = False  # whether titles stand one word a line
    fixed: Sequence[int] = ()  # columns whose lines are never broken
    meanings: str = ""

    def rich(self) -> Group:
        """Return the table for the terminal."""
        titles = [title.replace(" ", "\n") if self.dense else title for title in self.titles]
        table = Table(*titles, box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for i in self.fixed:
            table.columns[i].no_wrap = True
        for line in self.cells:
            table.add_row(*line)
        return Group(table, *([self.meanings] if self.meanings else []))

    def markdown(self) -> str:
        """Return the table for a page; a `|` inside a cell is escaped."""
        lines = [self.titles, ["---"] * len(self.titles), *self.cells]
        escaped = (
            [cell.replace("|", "\\|").replace("\n", ", ") for cell in line] for line in lines
        )
        table = "\n".join(f"| {' | '.join(line)} |" for line in escaped)
        return f"{table}\n\n{self.meanings}" if self.meanings else table


def described(experiment: Experiment) -> Table:
    """What an experiment is, its presets and methods; a long line goes on below its own text."""
    grid = Table.grid(padding=(0, 1))
    for title, text in {
        "is": experiment.summary,
        "source": experiment.source,
        "presets": ", ".join(experiment.presets),
        "methods": ", ".join(experiment.methods),
    }.items():
        grid.add_row(f"  {title}", text)
    return grid


def results(experiment: Experiment, frame: pandas.DataFrame) -> TextTable:
    """One line per method: medians over the seeds, feasible methods first."""
    titles = ["method"]
    for column in experiment.columns:
        titles += [column.title, *(["over seeds"] if column.spread else [])]
    present = sorted(frame.method.unique(), key=_order(experiment, frame))
    cells = [_line(experiment, name, frame[frame.method == name]) for name in present]
    fixed, meanings = range(len(titles)), _meanings(experiment.columns)
    return TextTable(titles, cells, dense=True, fixed=fixed, meanings=meanings)


def _meanings(columns: Sequence[Column]) -> str:
    said = "; ".join(f"{each.title}: {each.meaning}" for each in columns if each.meaning)
    return f"Medians over the seeds (smallest..largest). {said}."


def _order(experiment: Experiment, frame: pandas.DataFrame) -> Callable[[str], tuple[int, int]]:
    families = frame.drop_duplicates("method").set_index("method").family.to_dict()
    names = list(experiment.methods)
    rank = list(Family)
    return lambda name: (rank.index(Family(families[name])), names.index(name))


def _line(experiment: Experiment, name: str, rows: pandas.DataFrame) -> list[str]:
    return [name, *(cell for column in experiment.columns for cell in _cells(column, rows))]


def _cells(column: Column, rows: pandas.DataFrame) -> list[str]:
    values = [float(value) for value in column.value(rows).values()]
    middle = _number(column.format, float(np.median(values)))
    spread = span(column.format, lowest(values), highest(values))
    return [middle, spread] if column.spread else [middle]


def span(shape: str, least: float, largest: float) -> str:
    """`1.0e-6..2.0e-6`, or one number where both are shown alike."""
    low, high = _number(shape, least), _number(shape, largest)
    return low if low == high else f"{low}..{high}"


def _number(shape: str, value: float) -> str:
    if value == 0:
        return "0"
    return "-" if math.isnan(value) else LEADING_ZERO.sub(r"\1", shape.format(value))


def verdicts(claims: Sequence[Claim]) -> TextTable:
    """One line per claim: required, measured, reproduced or not."""
    lines = [[c.text, c.required, c.measured, VERDICT[c.reproduced]] for c in claims]
    return TextTable(["claim", "required", "ours", "verdict"], lines, fixed=(1, 2, 3))


def overall(
    conclusions: Sequence[Conclusion], name: Callable[[str], str] = lambda name: name
) -> TextTable:
    """One line per claim of every experiment; its name, shown as `name` says, begins its lines."""
    cells = []
    for each in conclusions:
        lines = [list(line) for line in verdicts(each.claims).cells]
        if each.failed:
            lines.append(["every run ends", "0 failed", f"{each.failed} failed", "FAILED"])
        if each.missing:
            lines.append([each.missing, "", "", "NOT RUN"])
        lines = lines or [["no claim", "", "", ""]]
        cells += [[name(each.experiment) if i == 0 else "", *line] for i, line in enumerate(lines)]
    titles = ["experiment", "claim", "required", "ours", "verdict"]
    return TextTable(titles, cells, fixed=(0, 2, 3, 4))


def in_two_lines(name: str) -> str:
    """`low_rank_completion` -> `low_rank_`, `completion`: five columns fit a narrow terminal."""
    return "_\n".join(name.rsplit("_", 1))


def learning_rates(rates: Mapping[str, float]) -> TextTable:
    """One line per method."""
    return TextTable(["method", "learning rate"], [[n, f"{rate:g}"] for n, rate in rates.items()])
