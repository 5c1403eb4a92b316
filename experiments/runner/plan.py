"""Which runs a request asks for, where each is logged, and which of them are already there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.runner import provenance
from experiments.runner.errors import ExperimentError, LogError, require_known
from experiments.runner.experiment import Experiment, parse_device, parse_dtype
from experiments.runner.learning_rates import tuned
from experiments.runner.logs import RunLog, read_run, set_aside


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    preset: str = "quick"
    methods: tuple[str, ...] = ()  # empty: all
    seeds: tuple[int, ...] = ()  # empty: the preset's
    dtype: str = ""  # empty: the experiment's
    device: str = "cpu"
    logs: Path = Path("experiments/logs")
    jobs: int = 1
    elsewhere: bool = False  # on machines whose devices this one need not have
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One (method, seed) of one experiment, as a value that travels to another process."""

    experiment: str
    settings: Any
    header: dict[str, Any]
    path: Path

    @property
    def key(self) -> str:
        """The name in progress bars."""
        return f"{self.header['method']} seed {self.header['seed']}"

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"{self.experiment} {self.key}"


def plan(experiment: Experiment, request: Request) -> list[Run]:
    """Return all runs of a request; everything misspelt in it is an error here, before any work."""
    request = dataclasses.replace(request, dtype=request.dtype or experiment.dtype)
    parse_dtype(request.dtype)
    if not request.elsewhere:
        parse_device(request.device)
    settings = override(experiment.settings(request.preset), request.overrides)
    experiment.require(settings)
    methods = request.methods or tuple(experiment.methods)
    return [
        _run(experiment, settings, request, experiment.method(name).name, seed)
        for seed in request.seeds or settings.seeds
        for name in methods
    ]


def override(settings: Any, values: Mapping[str, str]) -> Any:
    """Replace fields by `--set name=value`, read as the type that the field has."""
    fields = {field.name for field in dataclasses.fields(settings)}
    changed = {}
    for name, text in values.items():
        require_known("setting", name, sorted(fields))
        kind = type(getattr(settings, name))
        try:
            changed[name] = text.strip('"') if kind is str else _as(kind, json.loads(text))
        except (ValueError, TypeError) as error:
            message = f"setting {name}={text!r} is not a value of type {kind.__name__}"
            raise ExperimentError(f"{message}; example: {getattr(settings, name)!r}") from error
    return dataclasses.replace(settings, **changed)


def _as(kind: type, value: Any) -> Any:
    converted = kind(value)
    if kind is not tuple and converted != value:
        raise ValueError(value)  # int(5.7) is 5: not what was asked for
    return converted


def _run(experiment: Experiment, settings: Any, request: Request, method: str, seed: int) -> Run:
    rate = tuned(experiment, request.preset, method)
    header = {
        "experiment": experiment.name,
        "variant": variant(settings, request),
        "preset": request.preset,
        "settings": json.loads(json.dumps(dataclasses.asdict(settings))),
        "method": method,
        "family": str(experiment.methods[method].family),
        "seed": seed,
        "learning_rate": rate,
        "dtype": request.dtype,
        "device": request.device,
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "code": provenance.code_version(experiment.name),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    folder = request.logs / experiment.name / header["variant"]
    return Run(experiment.name, settings, header, folder / f"{method}-seed{seed}.jsonl")


def variant(settings: Any, request: Request) -> str:
    """`quick-float32-cpu`; overridden settings get their own folder, named by their hash."""
    preset = request.preset
    if request.overrides:
        fields = json.dumps(dataclasses.asdict(settings), sort_keys=True)
        preset += "-" + hashlib.sha256(fields.encode()).hexdigest()[:8]
    return f"{preset}-{request.dtype}-{request.device.replace(':', '')}"


SAME = ("settings", "method", "seed", "learning_rate", "dtype", "device", "code")


def finished(run: Run, notes: list[str]) -> RunLog | None:
    """Return the log of an earlier run of the same settings and code, or None if it must run.

    A damaged log is set aside, never deleted, with a note that says where it went.
    """
    if not run.path.exists():
        return None
    try:
        log = read_run(run.path)
    except LogError as error:
        aside = set_aside(run.path)
        notes.append(f"{error}; kept as {aside.name}")
        return None
    # The seeds of the preset do not change what one seed computes.
    return log if identity(log.header) == identity(run.header) else None


def identity(header: Mapping[str, Any]) -> Sequence[Any]:
    """Return what must agree for two runs to compute the same rows."""
    settings = {name: value for name, value in header["settings"].items() if name != "seeds"}
    return [settings, *(header.get(name) for name in SAME if name != "settings")]
