"""What a benchmark is: parts that are timed one after another, and tables of the rows they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from experiments.runner.errors import ExperimentError
from experiments.runner.tables import TextTable

Row = dict[str, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Setup:
    """On which device, and how often each step is timed."""

    rounds: int
    device: torch.device


ROUNDS = (
    "Medians of {rounds} interleaved rounds of calls in a row, after a warm-up; `*`: one round, "
    "the step is slow."
)


@dataclass(frozen=True)
class Benchmark:
    """`measure` times one part; `parts` are those timed when the user names none."""

    parts: Sequence[str]
    measure: Callable[[str, Setup], list[Row]]
    tables: Callable[[Sequence[Row]], Mapping[str, TextTable]]  # title -> table
    unit: str
    require: Callable[[str], object]  # raises an `ExperimentError` for a part it does not know
    clock: str = ROUNDS  # how times are taken; empty where `unit` says it


def shape_of(text: str) -> Shape:
    """Read `512x64` or `1000x8x8` as a shape."""
    try:
        shape = tuple(int(part) for part in text.split("x"))
    except ValueError:
        shape = ()
    if len(shape) < 2 or min(shape) < 1 or shape[-2] < shape[-1]:
        raise ExperimentError(f"size {text!r} is not NxK with N >= K; examples: 512x64, 1000x8x8")
    return shape


def pivoted(rows: Sequence[Row], column: str, cell: Callable[[Row], str]) -> TextTable:
    """One line per step, one column per value of `column`, both in the order of the rows."""
    columns = list(dict.fromkeys(row[column] for row in rows))
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        lines.setdefault(row["step"], {})[row[column]] = cell(row)
    cells = [[step, *(found.get(name, "") for name in columns)] for step, found in lines.items()]
    return TextTable(["step", *map(str, columns)], cells)
