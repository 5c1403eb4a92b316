"""The figures' command line called in this process, and small logs made up for it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.runner.logs import write_run
from paper_figures.command_line import main
from paper_figures.style import LOOKS

OURS = (
    *("cayley", "exponential", "householder", "polar", "parametrized", "spectral"),
    *("lbfgs", "momentum", "adam"),
)
EXPERIMENTS = (
    *("stiefel_procrustes", "stiefel_mlp"),
    *("copying_memory", "birkhoff_mhc", "stable_dynamics"),
    *("thomson", "low_rank_completion"),
    *("eigen_suite", "nearest_correlation", "maxcut_torus"),
)
OF_A_PROBLEM = ("brockett-lbfgs", "phases")  # methods that a figure asks for by name
INFEASIBLE = ("penalty", "landing", "unconstrained", "unconstrained-orthogonal")
SETTINGS = {"size": 60, "hidden": 60, "pause": 100, "counts": [4]}


def family(method: str) -> str:
    if method.removeprefix("brockett-").partition("-")[0] in OURS:
        return "ours"
    return "infeasible" if method in INFEASIBLE else "peer"


def row(step: int, seed: int) -> dict[str, Any]:
    return {
        "step": step,
        "wall_s": 0.01 * step,
        "step_ms": 10.0,
        "loss": 1.0,
        "gap": 2.0 ** -(step + seed),
        "violation": 1e-6 * (1 + seed + step),
        "accuracy": 0.9 + 0.01 * seed,
        "condition": 1 + 1e-6 * (1 + seed),
        "radius": 1 + 0.1 * (seed - step),
        "gap 4": 1e-9,
        "points 4": [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]],
        "rank": 1 + step,
        "oversampling": 2.0,
        "gains": [1 + 1e-6 * (1 + seed), 2.0, 4.0],
    }


@pytest.fixture
def made_up_logs(tmp_path) -> Path:
    """Logs of every method, two seeds each, written by no optimizer."""
    logs = tmp_path / "logs"
    for experiment in EXPERIMENTS:
        for method in (*LOOKS, *OF_A_PROBLEM, "my-own-method"):
            for seed in (0, 1):
                header = {"method": method, "family": family(method), "seed": seed}
                header |= {"dtype": "float32", "device": "cpu", "settings": SETTINGS}
                path = logs / experiment / "quick-float32-cpu" / f"{method}-seed{seed}.jsonl"
                write_run(path, header, [row(step, seed) for step in range(5)])
    return logs


@pytest.fixture
def made_up_verification(tmp_path) -> Path:
    """A report of the laws on two manifolds."""
    path = tmp_path / "verification.json"
    rows = [
        {"manifold": name, "dtype": dtype, "law": law, "error_eps": 2.0, "limit_eps": 80.0}
        for name in ("Orthogonal", "Sphere")
        for dtype in ("float32", "float64")
        for law in ("round_trip", "on_manifold")
    ]
    path.write_text(json.dumps({"rows": rows}))
    return path


@pytest.fixture
def made_up_ties(tmp_path) -> Path:
    """Two ties, one of them with a peer that misses half of the rank, in a folder of benchmarks."""
    line = {"at": "I", "dim": 4, "left_missed": [1e-3, 1e-15, 0.0]}
    rows = [
        {**line, "manifold": "Orthogonal", "method": "ours", "rank": 4},
        {**line, "manifold": "PositiveDefinite", "method": "ours", "rank": 4},
        {**line, "manifold": "PositiveDefinite", "method": "geotorch", "rank": 2},
    ]
    (tmp_path / "bench_ties.json").write_text(json.dumps({"rows": rows}))
    return tmp_path


@pytest.fixture
def made_up_benchmarks(made_up_ties) -> Path:
    """The ties, and beside them steps of both families of sizes."""
    steps = {
        "product": None,
        "addition": None,
        "cayley": 3.3,
        "torch-cayley": None,
        "landing": None,
    }
    rows = [
        {"step": step, "size": size, "products": 10.0 + i, "floor": floor}
        for i, (step, floor) in enumerate(steps.items())
        for size in ("64x64", "128x128", "256x64", "1024x64")
    ]
    (made_up_ties / "bench_scaling.json").write_text(json.dumps({"rows": rows}))
    return made_up_ties


@pytest.fixture
def command(monkeypatch, capsys):
    """(arguments) -> exit status and everything printed; coarse pictures, to be quick."""
    monkeypatch.setattr("paper_figures.command_line.DOTS_PER_INCH", 40)

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["paper_figures", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        return int(exit_.value.code or 0), printed.out + printed.err

    return call
