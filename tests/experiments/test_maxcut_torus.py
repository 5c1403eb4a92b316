"""Bounds and cuts are the closed forms, certificates prove, and the claim needs all of them."""

import math
from dataclasses import replace

import pandas
import pytest
import torch

import manifolds
from experiments.data import gset
from experiments.data.graphs import certificate, graph, rounded
from experiments.methods import Family
from experiments.methods.elliptope import MATRICES, factor
from experiments.problems.maxcut_torus import EXPERIMENT, MaxCut, claims, generic_rank, trial
from experiments.runner.errors import ExperimentError
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = MaxCut(steps=60, seeds=(0,), graphs=("5", "4x5"), rank=5)


def context(learning_rate=0.1):
    return Context(0, torch.float64, torch.device("cpu"), learning_rate)


def circle(n):
    """Return the optimum of a cycle: neighbours ⌊n/2⌋/n of a turn apart."""
    angle = 2 * math.pi * (n // 2) / n * torch.arange(n, dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], -1)


def signs(n):
    """Return all assignments of two sides to n vertices: (2^n, n)."""
    return (torch.arange(2**n)[:, None] >> torch.arange(n) & 1).double() * 2 - 1


@pytest.mark.parametrize(
    ("name", "bound", "cut"),
    [("5", 4.52254, 4), ("25x120", 5988.17, 5880), ("50x60", 6000, 6000)],
)
def test_bound_and_cut_are_the_published_ones(name, bound, cut):
    assert graph(name).bound == pytest.approx(bound, rel=2e-6)  # the printed digits
    assert graph(name).cut == cut


@pytest.mark.parametrize("name", ["5", "4", "7", "3x4", "3x3"])
def test_the_largest_cut_is_that_of_all_assignments(name):
    g = graph(name)
    values = torch.vmap(lambda v: g.value(g.of_rows(v)))(signs(g.size)[..., None])
    assert values.max().item() == pytest.approx(g.cut)


@pytest.mark.parametrize("n", [5, 8, 9])
def test_the_bound_of_a_cycle_is_attained_and_certified(n):
    g, x = graph(str(n)), circle(n)
    assert g.value(g.of_rows(x)).item() == pytest.approx(g.bound, rel=1e-12)
    assert certificate(g, x) <= 1e-8


def test_a_point_below_the_bound_has_no_smaller_certificate_than_its_gap():
    g, generator = graph("5x6"), torch.Generator().manual_seed(0)
    x = manifolds.Sphere(4).random_point(30, generator=generator, dtype=torch.float64)
    assert certificate(g, x) >= g.bound / g.value(g.of_rows(x)).item() - 1


def test_every_hyperplane_cuts_an_optimal_cycle_optimally():
    assert rounded(graph("5"), circle(5), torch.Generator().manual_seed(0)) == 4


def test_a_file_in_gset_s_format_is_the_graph_it_lists(tmp_path, monkeypatch):
    path = tmp_path / "triangle.txt"
    path.write_text("3 3\n1 2 1\n2 3 1\n1 3 -2\n")
    monkeypatch.setattr(gset, "load", lambda name: gset.read(tmp_path / f"{name}.txt"))
    g = graph("triangle")
    assert torch.vmap(lambda v: g.value(g.of_rows(v)))(signs(3)[..., None]).max().item() == 2
    assert math.isnan(g.bound)


@pytest.mark.parametrize(
    "name",
    [
        *("lbfgs", "lbfgs-rebased", "lowrank-lbfgs", "fixedrank-lbfgs"),
        *("pymanopt-cg", "pymanopt-tr"),
    ],
)
def test_line_searches_reach_a_certified_optimum(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), SMALL.steps))
    assert abs(log[-1]["gap"]) < 1e-3
    assert max(log[-1][f"certificate {g}"] for g in SMALL.graphs) <= 1e-3
    assert max(log[-1][f"missing {g}"] for g in SMALL.graphs) == 0


def test_a_matrix_says_the_graph_what_its_factor_does():
    g, generator = graph("4x5"), torch.Generator().manual_seed(0)
    x = manifolds.Correlation(20).random_point(generator=generator, dtype=torch.float64)
    torch.testing.assert_close(g.of_matrix(x), g.of_rows(factor(x)))


@pytest.mark.parametrize("n", [3, 4, 5, 90, 91, 3000])
def test_the_generic_rank_is_the_smallest_above_the_bound(n):
    r = generic_rank(n)
    assert r * (r - 1) / 2 <= n < r * (r + 1) / 2


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_only_that_of_small_graphs(name):
    trained = trial(replace(SMALL, dense=5), EXPERIMENT.methods[name], context())
    assert list(trained.parts()) == ["5"]


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_without_a_small_graph_says_the_way_out(name):
    with pytest.raises(ExperimentError, match=f"{name} needs a graph of at most 4 nodes.*such as"):
        trial(replace(SMALL, dense=4), EXPERIMENT.methods[name], context())


@pytest.mark.parametrize("name", ["penalty", "unconstrained"])
def test_nothing_is_certified_off_the_manifold(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context(0.01)), SMALL.steps))
    assert log[-1]["certificate 5"] == math.inf


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context(0.01)), 4))
    assert log[-1]["loss"] < log[0]["loss"]


GOOD = {"certificate": 1e-4, "gap": 1e-4, "missing": 0}


@pytest.mark.parametrize(
    ("worse", "reproduced"),
    [
        ({}, True),
        ({"certificate": 1e-2}, False),
        ({"gap": 1e-2}, False),
        ({"gap": -1e-2}, False),
        ({"missing": 2}, False),
        ({"violation": 1e-6}, False),
        ({"certificate": math.nan}, False),
    ],
)
def test_the_claim_needs_bound_certificate_cut_and_constraint(worse, reproduced):
    numbers = {**GOOD, **worse}
    columns = {f"{c} {g}": v for c, v in numbers.items() for g in SMALL.graphs}
    row = {"violation": 0.0, **numbers, **columns, "family": Family.OURS, "seed": 0}
    row |= {"method": "lbfgs-rebased", "dtype": "float64"}
    (claim,) = claims(SMALL, pandas.DataFrame([row]))
    assert claim.reproduced is reproduced
