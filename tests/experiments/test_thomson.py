"""The energies are those of known polyhedra, and the claim needs the best of them."""

import math

import pandas
import pytest
import torch

from experiments.methods import Family
from experiments.problems.thomson import (
    BEST,
    EXPERIMENT,
    LARGEST_GAP,
    Thomson,
    claims,
    energy,
    hit_rate,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Thomson(steps=40, seeds=(0,), counts=(4, 6))
GOLDEN = (1 + math.sqrt(5)) / 2


def context(learning_rate=0.01):
    return Context(0, torch.float64, torch.device("cpu"), learning_rate)


def unit_rows(points):
    x = torch.tensor(points, dtype=torch.float64)
    return x / x.norm(dim=-1, keepdim=True)


TETRAHEDRON = unit_rows([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
OCTAHEDRON = torch.cat([torch.eye(3), -torch.eye(3)]).double()
CORNERS = [[0, i, j * GOLDEN] for i in (1, -1) for j in (1, -1)]
ICOSAHEDRON = unit_rows([[*p[i:], *p[:i]] for p in CORNERS for i in range(3)])


@pytest.mark.parametrize("x", [TETRAHEDRON, OCTAHEDRON, ICOSAHEDRON])
def test_the_platonic_solids_have_the_best_energies(x):
    assert energy(x).item() == pytest.approx(BEST[len(x)], rel=1e-9)  # the table's digits


@pytest.mark.parametrize("x", [TETRAHEDRON, ICOSAHEDRON])
def test_they_are_critical_points(x):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(energy(x), x)
    tangential = g - (g * x).sum(-1, keepdim=True) * x
    assert tangential.abs().max() < 1e-12  # float64 rounding of 66 terms of size 1


@pytest.mark.parametrize("name", ["lbfgs", "pymanopt-cg", "pymanopt-tr"])
def test_a_line_search_finds_the_best_energies(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), SMALL.steps))
    assert abs(log[-1]["gap"]) < LARGEST_GAP
    assert max(row["violation"] for row in log) < 1e-14  # of unit rows: rounding, 45 eps


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_begins_at_the_same_points_and_ends_with_its_own(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context(1e-4)), SMALL.steps))
    reference = next(rows(trial(SMALL, EXPERIMENT.methods["lbfgs"], context()), 0))
    assert log[0]["loss"] == pytest.approx(reference["loss"], rel=1e-12)
    assert len(log[-1]["points 6"]) == 6


def logged(gaps, violation=0.0):
    return pandas.DataFrame(
        {
            "seed": range(len(gaps)),
            "step": 40,
            "gap 4": gaps,
            "gap 6": gaps,
            "violation": violation,
            "family": Family.OURS,
            "method": "lbfgs",
            "dtype": "float64",
        }
    )


@pytest.mark.parametrize(
    ("gaps", "violation", "reproduced"),
    [
        ([0.0, 1e-3], 0.0, True),
        ([1e-3, 1e-3], 0.0, False),
        ([-1e-3, -1e-3], 0.0, False),
        ([0.0], 1e-6, False),
        ([0.0], float("nan"), False),
    ],
)
def test_the_claim_needs_one_start_at_the_best_energy_and_the_sphere(gaps, violation, reproduced):
    (claim,) = claims(SMALL, logged(gaps, violation))
    assert claim.reproduced is reproduced


def test_the_hit_rate_counts_starts_and_sizes():
    assert hit_rate(logged([0.0, 1e-3, 1e-3, 0.0]))[0] == 50
