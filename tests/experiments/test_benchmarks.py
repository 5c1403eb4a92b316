"""Every benchmark writes its page and its numbers, and continues where it was interrupted."""

import json
from dataclasses import replace

import pytest
import torch

from experiments import benchmarks, command_line
from experiments.benchmarks import BENCHMARKS, Setup, compiled, session
from experiments.benchmarks.floors import FLOORS, floor_seconds
from experiments.benchmarks.manifold_floors import COUNTS
from experiments.benchmarks.manifolds import BY_NAME, PEERS
from experiments.benchmarks.maps import CHOSEN, TIMED
from experiments.benchmarks.progress import (
    GAPS,
    RACED,
    RATES,
    TUNING_SEED,
    Runner,
    problem,
    race,
    tuned,
)
from experiments.benchmarks.scaling import exponent
from experiments.benchmarks.session import carry_out
from experiments.methods import Family
from experiments.methods.infeasible import relative_gradient
from experiments.runner.report import RESULTS

SETUP = Setup(rounds=1, device=torch.device("cpu"))
TINY = {
    "maps": (("6x4", "2x3x3"), "| step | 6x4 | 2x3x3 |"),
    "scaling": (("4x4", "8x8", "16x4"), "| step | 4 | 8 | time ~ |"),
    "manifolds": (("Sphere", "FixedRank"), "| FixedRank | 512x512 |"),
    "engine": (("2x2",), "| cached read |"),
    "progress": (("16x16", "24x8"), "| step | 16x16 | 24x8 |"),
    "norms": (("6x4", "2x3x3"), "| step | 0.0 | 0.01 |"),
    "accuracy": (("8x8", "6x4"), "## 6x4: gradient in eps"),
}


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_writes_its_tables_with_their_conditions(command, tmp_path, name):
    parts, line = TINY[name]
    options = [word for part in parts for word in ("--size", part)]
    status, printed = command("bench", name, *options, "--rounds", 1, "--output", tmp_path)
    assert status == 0, printed
    page = (tmp_path / f"bench_{name}.md").read_text()
    assert line in page
    assert "one thread" in page
    assert f"python -m experiments bench {name}" in page


@pytest.mark.parametrize("name", TINY)
def test_a_table_fits_80_columns(command, tmp_path, name):
    options = [word for part in TINY[name][0] for word in ("--size", part)]
    _, printed = command("bench", name, *options, "--rounds", 1, "--output", tmp_path)
    tables = [line for line in printed.splitlines() if "written to" not in line]
    assert max(map(len, tables)) <= 80


def breaking_at(part, calls):
    """Return a benchmark that fails at one part, and keeps count of the others."""

    def measure(size, setup):
        if size == part:
            raise KeyboardInterrupt
        calls.append(size)
        return BENCHMARKS["maps"].measure(size, setup, ["cayley"])

    return replace(BENCHMARKS["maps"], measure=measure)


def test_an_interrupted_benchmark_continues_with_the_part_that_is_missing(tmp_path):
    calls, parts = [], ("4x4", "6x4")
    with pytest.raises(KeyboardInterrupt):
        carry_out("maps", breaking_at("6x4", calls), SETUP, tmp_path, parts=parts)
    assert not (tmp_path / "bench_maps.json").exists()
    carry_out("maps", breaking_at("none", calls), SETUP, tmp_path, parts=parts)
    assert calls == ["4x4", "6x4"]
    rows = json.loads((tmp_path / "bench_maps.json").read_text())["rows"]
    assert list(dict.fromkeys(row["size"] for row in rows)) == ["4x4", "6x4"]
    assert not list(tmp_path.glob("*.partial"))


def test_other_conditions_start_again(tmp_path):
    calls, parts = [], ("4x4", "6x4")
    with pytest.raises(KeyboardInterrupt):
        carry_out("maps", breaking_at("6x4", calls), SETUP, tmp_path, parts=parts)
    slower = replace(SETUP, rounds=2)
    carry_out("maps", breaking_at("none", calls), slower, tmp_path, parts=parts)
    assert calls == ["4x4", "4x4", "6x4"]


def test_the_exponent_of_a_cubic_step_is_three():
    rows = [{"size": f"{n}x{n}", "seconds": 1e-9 * n**3} for n in (64, 128, 256, 512)]
    assert exponent(rows) == pytest.approx(3)


@pytest.mark.parametrize("shape", [(16, 16), (24, 8)], ids=str)
def test_moved_bases_reach_the_last_gap_on_the_manifold(shape):
    task, method = problem(shape, 0, SETUP.device), RACED["cayley-rebased"]
    runner = Runner(method.iterates(task.start, task.loss, 0.1), task)
    race(task, {"cayley-rebased": runner}, 200, SETUP.device)
    steps, violation = runner.met[GAPS[-1]]
    assert 0 < runner.met[GAPS[0]][0] <= steps == len(runner.seconds) - 1
    assert violation <= 10 * shape[1] ** 0.5 * torch.finfo(torch.float32).eps
    assert task.gap(runner.x) <= GAPS[-1] * task.gap(task.start)


def test_a_tuned_rate_is_the_one_with_the_fewest_steps():
    task, method = problem((16, 16), TUNING_SEED, SETUP.device), RACED["cayley-rebased"]
    steps = {}
    for rate in RATES:
        runner = Runner(method.iterates(task.start, task.loss, rate), task)
        race(task, {"cayley-rebased": runner}, 200, SETUP.device)
        steps[rate] = runner.met.get(GAPS[-1], (200, 0.0))[0]
    assert steps[tuned(method, (64, 64), SETUP.device)] == min(steps.values()) < 200


def test_a_batch_is_no_size_of_progress(command, tmp_path):
    status, printed = command("bench", "progress", "--size", "2x3x3", "--output", tmp_path)
    assert status == 2
    assert "is not one matrix" in printed


def test_every_map_of_ours_has_a_floor():
    ours = {name for name in CHOSEN if TIMED[name].family == Family.OURS}
    uncounted = {name for name in ours if name.endswith("-fixed")} | {"bfloat16-polar"}
    assert ours - uncounted == set(FLOORS)


@pytest.mark.parametrize(
    ("shape", "addition", "floor"),
    [((64, 64), 1e-6, 10 / 3), ((640, 64), 1e-6, 17 / 2), ((5, 64, 64), 1.0, 14 / 3)],
)
def test_a_floor_is_the_larger_of_operations_and_passes(shape, addition, floor):
    assert floor_seconds("cayley", shape, 1.0, addition) == pytest.approx(floor)


def test_every_manifold_but_views_has_a_floor():
    views = {"Flattened", "Transposed", "Scaled", "Power", "Joined"}
    assert set(COUNTS) == set(BY_NAME) - views


@pytest.mark.parametrize("name", COUNTS)
def test_no_step_on_a_manifold_is_below_its_floor(name):
    page = json.loads((RESULTS / "bench_manifolds.json").read_text())
    ours = [row for row in page["rows"] if row["step"] == name and row["library"] == "ours"]
    assert ours
    assert all(0 < row["floor"] < row["products"] for row in ours)


def test_a_benchmark_of_a_commit_is_kept_and_others_are_not(tmp_path, monkeypatch):
    calls, parts, same = [], ("4x4",), {"parts": ("4x4",), "keep": True}
    for commit in ("a", "a", "b", "b+", "b+", "unknown", "unknown"):
        monkeypatch.setattr(session, "commit", lambda commit=commit: commit)
        carry_out("maps", breaking_at("none", calls), SETUP, tmp_path, **same)
    assert len(calls) == 6 * len(parts)


def test_a_page_of_some_parts_is_not_kept_for_all_of_them(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(session, "commit", lambda: "a")
    for parts in (("4x4",), ("4x4", "6x4")):
        watched = breaking_at("none", calls)
        carry_out("maps", watched, SETUP, tmp_path, parts=parts, keep=True)
    assert calls == ["4x4", "4x4", "6x4"]


def test_all_makes_every_page(command, tmp_path, monkeypatch):
    few = {name: replace(BENCHMARKS[name], parts=TINY[name][0][:1]) for name in ("engine", "maps")}
    monkeypatch.setattr(command_line, "BENCHMARKS", few)
    status, printed = command("bench", "all", "--rounds", 1, "--output", tmp_path)
    assert status == 0, printed
    assert sorted(path.stem for path in tmp_path.glob("*.md")) == ["bench_engine", "bench_maps"]


def test_all_has_no_parts(command, tmp_path):
    status, printed = command("bench", "all", "--size", "4x4", "--output", tmp_path)
    assert status == 2
    assert "parts of one benchmark" in printed


def test_every_manifold_is_timed_and_every_peer_belongs_to_one():
    assert set(BENCHMARKS["manifolds"].parts) == set(BY_NAME)
    assert set(PEERS) <= set(BY_NAME)


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_s_step_runs(name, monkeypatch):
    small = {0: [((2, 2), ())], 1: [((3,), (8,))], 3: [((), (2, 3, 3))]}
    small[2] = [((), (6, 4)), ((), (4, 4))]  # pymanopt has square unitary matrices alone
    for axes, shapes in small.items():
        monkeypatch.setitem(benchmarks.manifolds.SHAPES, axes, tuple(shapes))
    monkeypatch.setattr(benchmarks.manifolds, "SQUARE_SHAPES", (((), (8,)),))
    rows = BENCHMARKS["manifolds"].measure(name, replace(SETUP, rounds=1))
    assert {row["library"] for row in rows} == {"product", "ours", *PEERS[name]}
    assert all(row["seconds"] > 0 for row in rows)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_compiled_of_a_manifold_has_a_gradient_away_from_the_start(name):
    about, _, objectives = compiled.subject(name, SETUP.device)
    objectives["ours"]().backward()
    assert about["manifold"] == name
    assert all(p.grad.isfinite().all() for p in objectives["ours"].parameters())


@pytest.mark.gpu
@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_runs_on_cuda(command, tmp_path, name):
    options = [word for part in TINY[name][0] for word in ("--size", part)]
    status, printed = command(
        "bench", name, *options, "--rounds", 1, "--device", "cuda", "--output", tmp_path
    )
    assert status == 0, printed


@pytest.mark.parametrize("size", [(6, 2), (6, 6)], ids=str)
def test_the_field_of_landing_is_the_skew_part_times_the_frame(size):
    g, x = torch.randn(2, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(relative_gradient(g, x), (g @ x.mT - x @ g.mT) / 2 @ x)
