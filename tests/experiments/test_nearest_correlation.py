"""The dual gives the published distance; the claim needs printed entries, gap and elliptope."""

import math

import pandas
import pytest
import torch

import manifolds
from experiments.methods import Family
from experiments.problems.nearest_correlation import (
    DISTANCE_OF_3,
    EXPERIMENT,
    LARGEST_GAP,
    Nearest,
    claims,
    defect,
    distance,
    gram,
    matrix,
    misprint,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Nearest(steps=40, seeds=(0,))
TINY = Nearest(steps=4, seeds=(0,), sizes=(3, 6))


def context(learning_rate=0.1):
    return Context(0, torch.float64, torch.device("cpu"), learning_rate)


def test_the_dual_gives_the_published_distance(generator):
    assert distance(matrix(3, generator)) == pytest.approx(DISTANCE_OF_3, abs=5e-9)


@pytest.mark.parametrize("size", [3, 4, 8])
def test_the_dual_agrees_with_alternating_projections(generator, size):
    a = matrix(size, generator)
    nearest = manifolds.Correlation(size).project(a)
    assert torch.dist(nearest, a).item() == pytest.approx(distance(a), rel=1e-8)


def test_no_random_correlation_matrix_is_nearer_than_the_dual_says(generator):
    a = matrix(4, generator)
    x = manifolds.Correlation(4).random_point(500, generator=generator, dtype=torch.float64)
    assert torch.linalg.matrix_norm(x - a).min() > distance(a)


@pytest.mark.parametrize("size", [3, 4])
def test_the_nearest_matrices_are_those_printed(generator, size):
    nearest = manifolds.Correlation(size).project(matrix(size, generator))
    assert misprint(nearest) < 5e-5  # half a unit of the last printed digit


@pytest.mark.parametrize("name", ["lbfgs", "lbfgs-rebased", "psd-lbfgs", "pymanopt-tr"])
def test_second_order_methods_reach_the_optimum(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), SMALL.steps))
    assert abs(log[-1]["gap"]) < LARGEST_GAP
    assert max(row["violation"] for row in log) < 1e-14  # rounding: 45 eps, n is 3 or 4


def test_alternating_projections_leave_the_elliptope_and_come_back():
    method = EXPERIMENT.methods["alternating-projections"]
    log = list(rows(trial(SMALL, method, context()), SMALL.steps))
    assert log[0]["violation"] > 0.1
    assert log[-1]["violation"] < 1e-6


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains(name):
    log = list(rows(trial(TINY, EXPERIMENT.methods[name], context(0.01)), TINY.steps))
    assert all(math.isfinite(row["loss"]) for row in log)


def test_the_penalty_vanishes_on_correlation_matrices_only(generator):
    x = manifolds.Correlation(5).random_point(generator=generator, dtype=torch.float64)
    assert defect(x) < 1e-28  # the square of some 45 eps
    assert defect(2 * x) == pytest.approx(5)
    assert defect(-x) > 20


def test_the_gram_matrix_of_unit_rows_has_a_unit_diagonal(generator):
    y = manifolds.Sphere(3).random_point(4, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(gram(y).diagonal(), torch.ones(4, dtype=torch.float64))


GOOD = {"gap": 0.0, "misprint 3": 1e-5, "misprint 4": 1e-5, "violation": 0.0}


@pytest.mark.parametrize(
    ("worse", "reproduced"),
    [
        ({}, True),
        ({"gap": 1e-4}, False),
        ({"gap": -1e-4}, False),
        ({"misprint 4": 1e-3}, False),
        ({"violation": 1e-6}, False),
        ({"gap": math.nan}, False),
    ],
)
def test_the_claim_needs_entries_distance_and_elliptope(worse, reproduced):
    row = {**GOOD, **worse, "family": Family.OURS, "method": "lbfgs", "dtype": "float64", "seed": 0}
    (claim,) = claims(SMALL, pandas.DataFrame([row]))
    assert claim.reproduced is reproduced
