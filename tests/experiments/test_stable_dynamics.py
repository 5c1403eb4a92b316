"""The fits are what they say, ours stays stable, and the claim can fail."""

import math
from dataclasses import replace

import pandas
import pytest
import torch

from experiments.methods import Family
from experiments.methods.stable import MARGIN, Systems, excess, moved, projected
from experiments.problems.stable_dynamics import (
    EXPERIMENT,
    NEAR,
    StableDynamics,
    claims,
    problem,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = StableDynamics(steps=40, seeds=(0,), systems=3, size=4, samples=8)
CPU = Context(0, torch.float32, torch.device("cpu"), 0.03)
EPS = torch.finfo(torch.float64).eps


@pytest.fixture
def task():
    return problem(SMALL, CPU)


def logged(name, settings=SMALL):
    return list(rows(trial(settings, EXPERIMENT.methods[name], CPU), settings.steps))


def test_the_true_systems_are_stable_and_near_instability(task):
    assert excess(task.a).amax(-1).max() <= -NEAR + 1e-9  # shifted and scaled eigenvalues
    assert excess(task.a).amax(-1).min() >= -NEAR - 1e-9  # where the draw was unstable, as here


def test_only_unstable_fits_are_kept(task):
    assert task.a.shape == (2, SMALL.systems, SMALL.size, SMALL.size)
    assert (excess(task.least_squares()).amax(-1) > 0).all()


def test_the_least_squares_fit_has_the_smallest_error_of_all_matrices(task):
    fit, generator = task.least_squares(), torch.Generator().manual_seed(1)
    away = torch.randn(20, *fit.shape, generator=generator, dtype=fit.dtype)
    assert (task.error(fit) < torch.stack([task.error(fit + 0.01 * u) for u in away])).all()


def test_without_noise_the_fit_is_the_system(task):
    clean = replace(task, y=task.a @ task.z)
    assert clean.distance(clean.least_squares()).max() < 1e5 * EPS  # condition of Z
    assert clean.error(clean.a).max() < 1e3 * EPS**2


@pytest.mark.parametrize("fit", [projected, lambda x: moved(x, MARGIN)], ids=["projected", "moved"])
def test_both_closed_forms_are_stable(task, fit):
    assert excess(fit(task.least_squares())).max() < 0


def test_moving_leaves_a_stable_matrix(task):
    assert torch.equal(moved(task.a, NEAR / 2), task.a)


def test_the_excess_is_modulus_and_real_part():
    x = torch.tensor([[0.0, -2.0], [2.0, 0.0]]).expand(2, 2, 2)  # eigenvalues ±2i
    torch.testing.assert_close(excess(x).float(), torch.tensor([[1.0, 1.0], [0.0, 0.0]]))


def test_assigned_systems_are_read_back(task):
    module = Systems(projected(task.least_squares()))
    module.weight = 0.9 * module.weight.detach() + 0.1 * projected(task.a)
    before = module.weight.detach().clone()
    module.weight = before
    torch.testing.assert_close(module.weight.detach(), before, rtol=0, atol=1e4 * EPS)


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_logs_every_step(name):
    log = logged(name)
    assert [row["step"] for row in log] == list(range(SMALL.steps + 1))
    assert all(math.isfinite(row["loss"]) for row in log)


@pytest.mark.parametrize("name", ["parametrized", "projection", "projected-fit", "scaled-fit"])
def test_feasible_methods_are_stable_at_every_step(name):
    assert max(row["violation"] for row in logged(name)) == 0


def test_ours_improves_on_the_projected_fit_it_starts_at():
    log = logged("parametrized")
    assert log[0]["over_projected"] == pytest.approx(1, abs=1e-4)  # rounded to 32 bits
    assert log[-1]["loss"] < log[0]["loss"]


def test_no_constraint_ends_at_an_unstable_fit():
    assert logged("unconstrained", replace(SMALL, steps=400))[-1]["violation"] > 0


GOOD = {"loss": 0.1, "over_projected": 0.9, "violation": 0.0}


@pytest.mark.parametrize(
    ("worse", "reproduced"),
    [
        ({}, True),
        ({"over_projected": 1.01}, False),
        ({"over_projected": math.nan}, False),
        ({"violation": 1e-9}, False),
        ({"violation": math.nan}, False),
        ({"loss": math.nan}, False),
    ],
)
def test_the_claim_needs_stability_and_a_smaller_error(worse, reproduced):
    row = {**GOOD, **worse, "method": "parametrized", "family": Family.OURS, "seed": 0}
    (claim,) = claims(StableDynamics(), pandas.DataFrame([row]))
    assert claim.reproduced is reproduced


def test_errors_are_those_at_the_lowest_loss():
    about = {**GOOD, "method": "parametrized", "family": Family.OURS, "seed": 0}
    rows = [about, {**about, "loss": 0.2, "over_projected": 1.4}]
    (claim,) = claims(StableDynamics(), pandas.DataFrame(rows))
    assert claim.reproduced
