"""The optima are attained and nothing is below them; the claim needs both value and manifold."""

import math

import pandas
import pytest
import torch

import manifolds
from experiments.methods import Family
from experiments.problems.eigen_suite import (
    EXPERIMENT,
    LARGEST_GAP,
    Eigen,
    claims,
    orthonormality,
    problem,
    symplectic_eigenvalues,
    symplecticity,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Eigen(steps=60, seeds=(0,), size=10, columns=2)
PROBLEMS = ("pca", "brockett", "symplectic", "unitary")


def context(learning_rate=0.01):
    return Context(0, torch.float64, torch.device("cpu"), learning_rate)


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_random_point_is_below_the_optimum(name):
    task = problem(name, SMALL, context())
    generator = torch.Generator().manual_seed(1)
    x = task.manifold.random_point(500, generator=generator, dtype=task.start.dtype)
    assert torch.vmap(task.gap)(x).min() > 0


@pytest.mark.parametrize(
    "name", [f"{p}-lbfgs-rebased" for p in PROBLEMS] + ["pca-pymanopt-tr", "unitary-pymanopt-cg"]
)
def test_the_optimum_is_attained(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), SMALL.steps))
    assert abs(log[-1]["gap"]) < LARGEST_GAP
    rounding = manifolds.tolerance(SMALL.size, torch.float64)
    assert max(row["violation"] for row in log) <= rounding


def test_symplectic_eigenvalues_of_a_diagonal_matrix_are_geometric_means():
    a = torch.diag(torch.tensor([1.0, 4.0, 9.0, 16.0], dtype=torch.float64))
    expected = torch.tensor([3.0, 8.0], dtype=torch.float64)  # √(1 · 9), √(4 · 16)
    torch.testing.assert_close(symplectic_eigenvalues(a), expected)


@pytest.mark.parametrize(
    ("name", "defect"),
    [("pca", orthonormality), ("unitary", orthonormality), ("symplectic", symplecticity)],
)
def test_the_penalty_vanishes_on_the_manifold_and_not_beside_it(name, defect):
    x = problem(name, SMALL, context()).start
    assert defect(x) < 1e-20  # the square of rounding
    assert defect(1.1 * x) > 0.1 * x.shape[1] ** 0.5 / 10


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_begins_at_the_start_of_its_problem_and_trains(name):
    task = problem(name.partition("-")[0], SMALL, context())
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context(1e-3)), 5))
    assert log[0]["loss"] == pytest.approx(task.loss(task.start).item(), rel=1e-12)
    assert log[-1]["loss"] < log[0]["loss"]


def logged(gap, violation):
    row = {"seed": 0, "gap": gap, "violation": violation, "family": Family.OURS}
    return pandas.DataFrame([{**row, "method": "brockett-lbfgs", "dtype": "float64"}])


@pytest.mark.parametrize(
    ("gap", "violation", "reproduced"),
    [
        (1e-12, 0.0, True),
        (1e-6, 0.0, False),
        (-1e-6, 0.0, False),
        (math.nan, 0.0, False),
        (1e-12, 1e-6, False),
        (1e-12, math.nan, False),
    ],
)
def test_the_claim_needs_the_value_and_the_manifold(gap, violation, reproduced):
    (claim,) = claims(SMALL, logged(gap, violation))
    assert claim.reproduced is reproduced
