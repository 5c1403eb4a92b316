"""The tuned learning rates: written by `experiments tune`, read by every run.

Tuning runs every method with every rate of the experiment's grid on one seed that no preset
reports, and keeps the rate with the smallest merit (the experiment says what that is).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from experiments.runner.experiment import Experiment
from experiments.runner.files import write_text

FILE = Path(__file__).parent.parent / "results" / "learning_rates.json"
SEED = 1000  # no preset reports it


def tuned(experiment: Experiment, preset: str, method: str) -> float:
    """Return the tuned rate of a method; untuned methods get the middle of the grid."""
    rates = _read().get(experiment.name, {}).get(preset, {})
    return float(rates.get(method, sorted(experiment.grid)[len(experiment.grid) // 2]))


def save(experiment: Experiment, preset: str, rates: Mapping[str, float]) -> None:
    """Merge the rates into the file."""
    table = _read()
    table.setdefault(experiment.name, {}).setdefault(preset, {}).update(rates)
    write_text(FILE, json.dumps(table, indent=1, sort_keys=True) + "\n")


def best(merits: Mapping[float, float]) -> float:
    """Return the rate with the smallest merit; a diverged run (NaN or infinite) never wins."""
    return min(merits, key=lambda rate: merits[rate] if math.isfinite(merits[rate]) else math.inf)


def _read() -> dict[str, dict[str, dict[str, float]]]:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
