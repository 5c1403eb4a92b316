"""Closed forms are right, likelihoods are scikit-learn's, and claims can fail."""

import math

import pandas
import pytest
import torch
from sklearn.mixture import GaussianMixture

import manifolds
from experiments.methods import Family
from experiments.problems.spd_means_gmm import (
    EXPERIMENT,
    LARGEST_GAP,
    Gaussians,
    claims,
    geometric_mean,
    joined,
    log_likelihood,
    sizes,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Gaussians(steps=60, seeds=(0,), points=200, clusters=2, size=2)


def context(learning_rate=0.01):
    return Context(0, torch.float64, torch.device("cpu"), learning_rate)


def test_the_geometric_mean_solves_its_riccati_equation(generator):
    a, b = manifolds.PositiveDefinite(4, 4).random_point(2, generator=generator).double()
    x = geometric_mean(a, b)
    torch.testing.assert_close(x @ torch.linalg.inv(a) @ x, b)  # Bhatia 2007, theorem 4.1.3


def test_the_geometric_mean_of_commuting_matrices_is_the_root_of_their_product():
    a, b = (torch.diag(torch.tensor(x, dtype=torch.float64)) for x in ([1.0, 4.0], [9.0, 16.0]))
    torch.testing.assert_close(geometric_mean(a, b), (a @ b).sqrt())


def test_the_likelihood_is_scikit_learn_s(generator):
    x = torch.randn(100, 3, generator=generator, dtype=torch.float64)
    model = GaussianMixture(2, random_state=0).fit(x.numpy())
    parts = (model.weights_, model.means_, model.covariances_)
    v = joined(*map(torch.tensor, parts))
    assert log_likelihood(v, x, 2).item() == pytest.approx(model.score(x.numpy()), rel=1e-10)
    assert sizes(v) == (2, 3)


@pytest.mark.parametrize("part", LARGEST_GAP)
def test_lbfgs_reaches_the_mean_and_the_likelihood(part):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[f"{part}-lbfgs"], context()), SMALL.steps))
    assert log[-1]["gap"] < LARGEST_GAP[part]
    assert max(row["violation"] for row in log) < 1e-14  # asymmetry: rounding, 45 eps


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), 4))
    assert log[-1]["loss"] < log[0]["loss"]


@pytest.mark.parametrize(
    ("gap", "violation", "reproduced"),
    [
        (1e-4, 0.0, True),
        (-1.0, 0.0, True),
        (1e-2, 0.0, False),
        (math.nan, 0.0, False),
        (1e-4, 1e-3, False),
    ],
)
def test_the_mixture_s_claim_needs_likelihood_and_manifold(gap, violation, reproduced):
    row = {"seed": 0, "gap": gap, "violation": violation, "family": Family.OURS}
    frame = pandas.DataFrame([{**row, "method": "gmm-lbfgs", "dtype": "float64"}])
    (claim,) = claims(SMALL, frame)
    assert claim.reproduced is reproduced
