"""What an experiment is: settings in two presets, methods, a trial of each method, and claims.

A new experiment is one file that makes an `Experiment`, and one line in `problems/__init__.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas
import torch

from experiments.methods.method import Method
from experiments.runner.errors import ExperimentError, LogError, require_known
from experiments.runner.logs import Row, RunLog
from experiments.runner.trial import Trial


@dataclass(frozen=True)
class Settings:
    """What every experiment has: how long it runs and with which seeds."""

    steps: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Context:
    """What changes from one run of the same settings to the next."""

    seed: int
    dtype: torch.dtype
    device: torch.device
    learning_rate: float

    def generator(self) -> torch.Generator:
        """Return the run's only source of randomness; on the CPU, so all devices see the same."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Claim:
    """One sentence that the logs confirm or refute, and the numbers that do so."""

    text: str
    required: str  # what must hold, one line per number
    measured: str
    reproduced: bool


@dataclass(frozen=True)
class Limit:
    """A measured number that must not exceed a limit; NaN exceeds every limit."""

    name: str
    measured: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether measured <= limit."""
        return bool(self.measured <= self.limit)


def limits(*all_of: Limit) -> tuple[str, str, bool]:
    """Return what must hold, what was measured, and whether every limit holds."""
    required = "\n".join(f"{limit.name} <= {limit.limit:.2g}" for limit in all_of)
    measured = "\n".join(f"{limit.measured:.2g}" for limit in all_of)
    return required, measured, all(limit.holds for limit in all_of)


PerSeed = Callable[[pandas.DataFrame], Mapping[int, float]]  # rows of a method -> number per seed


@dataclass(frozen=True)
class Column:
    """One column of the final table: a title and what it shows of one method's rows."""

    title: str
    value: PerSeed
    format: str = "{:.1e}"
    spread: bool = False  # show the smallest and the largest over the seeds beside the median
    meaning: str = ""  # said below the table


def nothing(_settings: Any) -> None:
    """Require nothing."""


@dataclass(frozen=True)
class Experiment:
    """A problem with a known or published answer."""

    name: str
    summary: str
    source: str
    presets: Mapping[str, Any]
    methods: Mapping[str, Method]
    trial: Callable[[Any, Method, Context], Trial]
    claims: Callable[[Any, pandas.DataFrame], list[Claim]]
    columns: tuple[Column, ...]
    grid: tuple[float, ...]  # the learning rates that `tune` tries for every method
    merit: Callable[[Method, Row], float]  # of a run's last row; `tune` keeps the smallest
    dtype: str = "float32"  # where the user names none
    require: Callable[[Any], object] = nothing  # raises where what the settings need is not here

    def settings(self, preset: str) -> Any:
        """Return the settings of a preset, or suggest the closest name."""
        require_known("preset", preset, self.presets)
        return self.presets[preset]

    def method(self, name: str) -> Method:
        """Return a method of this experiment, or suggest the closest name."""
        require_known(f"method of {self.name}", name, self.methods)
        return self.methods[name]


def settings_of(experiment: Experiment, log: RunLog) -> Any:
    """Return the settings that a log's header records."""
    recorded = log.header["settings"]
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in recorded.items()}
    try:
        return type(experiment.settings(log.header["preset"]))(**values)
    except TypeError as error:
        message = f"{log.path} was written by another version of {experiment.name} ({error})"
        raise LogError(f"{message}; run it again") from error


def last(column: str) -> PerSeed:
    """Return the value of a column in the last row of each seed, be it NaN."""
    return lambda rows: of_last_rows(rows)[column].astype(float).to_dict()


def of_last_rows(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Return the last row of each seed, indexed by the seed; pandas' `last` would skip its NaN."""
    return rows.groupby("seed").tail(1).set_index("seed").sort_index()


def at_lowest(loss: str, column: str) -> PerSeed:
    """Return a column at the step with the lowest loss of each seed; NaN if either ever is."""

    def chosen(rows: pandas.DataFrame) -> float:
        known = rows[[loss, column]].astype(float)
        least = known.sort_values(loss, kind="stable")[column].iloc[0]
        return float(least) if known.notna().all(axis=None) else math.nan

    return lambda rows: {int(seed): chosen(of_seed) for seed, of_seed in rows.groupby("seed")}


def worst(column: str) -> PerSeed:
    """Return the largest value of a column over each seed's steps; NaN is the largest."""
    return lambda rows: rows.groupby("seed")[column].max(skipna=False).to_dict()


def largest(column: str) -> PerSeed:
    """Return the largest value of a column that not every step measures; NaN where none does."""
    return lambda rows: rows.astype({column: float}).groupby("seed")[column].max().to_dict()


def middle(column: str) -> PerSeed:
    """Return the median of a column over the steps of each seed."""
    return lambda rows: rows.groupby("seed")[column].median().to_dict()


FLOATING = ("float64", "float32", "bfloat16", "float16")


def parse_dtype(name: str) -> torch.dtype:
    """`float32` -> torch.float32, or suggest the closest name."""
    require_known("dtype", name, FLOATING)
    return getattr(torch, name)


def parse_device(name: str) -> torch.device:
    """`cuda` -> torch.device("cuda"), or say why this machine has none."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        reason = str(error).splitlines()[0]
        raise ExperimentError(f"device {name!r} cannot be used here: {reason}") from error
    return device
