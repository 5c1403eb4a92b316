"""The optimum is 1, the network is 1-Lipschitz where it is said to be, and the claims can fail."""

import math

import pandas
import pytest
import torch

from experiments.methods import Family
from experiments.problems.lipschitz_groupsort import (
    EXPERIMENT,
    INSIDE,
    Cones,
    activation,
    claims,
    initial,
    lipschitz,
    maxmin,
    rims,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Cones(steps=4, seeds=(0,), hidden=(6, 8), batch=4, every=2)
THREE = Cones(steps=4, seeds=(0,), cones=3, dimension=2, hidden=(6, 8), batch=4, every=2)
CPU = Context(0, torch.float64, torch.device("cpu"), 0.01)
EPS = torch.finfo(torch.float64).eps
STARTED = [n for n in EXPERIMENT.methods if n not in ("unconstrained", "spectral-ball")]
FEASIBLE = [n for n, method in EXPERIMENT.methods.items() if method.family is Family.OURS]


@pytest.mark.parametrize("settings", [SMALL, THREE], ids=["line", "plane"])
def test_the_distance_to_the_nearest_tip_attains_the_optimum(settings, generator):
    tips, rim = rims(settings, 50, generator)
    f = [torch.cdist(x, tips).amin(-1).mean() for x in (rim.flatten(0, 1), tips)]
    assert (f[0] - f[1]).item() == pytest.approx(1, abs=10 * EPS)


def test_a_rim_is_a_unit_sphere_about_its_tip_in_opposite_pairs(generator):
    tips, rim = rims(THREE, 10, generator)
    torch.testing.assert_close((rim - tips).norm(dim=-1), torch.ones(10, 3, dtype=rim.dtype))
    torch.testing.assert_close(rim.mean(0), tips)


def test_maxmin_sorts_pairs_and_keeps_the_norm(generator):
    x = torch.randn(20, 6, generator=generator)
    y = maxmin(x)
    assert (y[:, :3] >= y[:, 3:]).all()
    torch.testing.assert_close(y.norm(dim=-1), x.norm(dim=-1))


def test_the_name_chooses_the_activation():
    chosen = {name: activation(method) for name, method in EXPERIMENT.methods.items()}
    assert chosen["cayley"] is maxmin
    assert chosen["cayley-relu"] is torch.nn.functional.relu
    assert chosen["cayley-tanh"] is torch.tanh


def test_the_bound_is_the_product_of_the_norms():
    assert lipschitz([2 * torch.eye(3), torch.diag(torch.tensor([3.0, 1.0]))]) == pytest.approx(6)


@pytest.mark.parametrize("name", FEASIBLE)
def test_our_networks_do_not_stretch_distances(name, generator):
    network, constrained = initial(THREE, EXPERIMENT.methods[name], CPU)
    x, y = torch.randn(2, 500, 2, generator=generator, dtype=torch.float64)
    assert ((network(x) - network(y)).abs() <= (1 + 1e3 * EPS) * (x - y).norm(dim=-1)).all()
    assert lipschitz(constrained.weights()) <= 1 + 1e3 * EPS


@pytest.mark.parametrize("name", STARTED)
def test_all_methods_start_at_the_same_point(name):
    weights = initial(SMALL, EXPERIMENT.methods[name], CPU)[1].weights()
    reference = initial(SMALL, EXPERIMENT.methods["unconstrained-orthogonal"], CPU)[1].weights()
    torch.testing.assert_close(weights, reference, atol=1e-6, rtol=0)  # attached in 32 bit


def test_the_open_ball_starts_just_inside():
    _, constrained = initial(SMALL, EXPERIMENT.methods["spectral-ball"], CPU)
    assert lipschitz(constrained.weights()) == pytest.approx(INSIDE**3, abs=1e-5)


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains_and_logs_its_last_step(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], CPU), SMALL.steps))
    assert [row["step"] for row in log] == [0, 2, 4]
    assert log[-1]["distance"] > log[0]["distance"]


@pytest.mark.parametrize(
    ("name", "row", "reproduced"),
    [
        ("cayley", {"distance": 0.995, "violation": 0.0}, True),
        ("cayley", {"distance": 0.98, "violation": 0.0}, False),
        ("cayley", {"distance": math.nan, "violation": 0.0}, False),
        ("cayley", {"distance": 3.0, "violation": 2.0}, False),
        ("cayley-relu", {"distance": 0.58, "violation": 0.0}, True),
        ("cayley-relu", {"distance": 0.995, "violation": 0.0}, False),
        ("cayley-tanh", {"distance": 0.3, "violation": 0.1}, False),
        ("spectral-ball", {"distance": 0.9, "violation": 0.0}, True),
        ("spectral-ball", {"distance": 0.995, "violation": 0.1}, False),
    ],
)
def test_only_maxmin_must_attain_the_distance(name, row, reproduced):
    row = {**row, "method": name, "family": Family.OURS, "seed": 0, "dtype": "float32"}
    (claim,) = claims(Cones(), pandas.DataFrame([row]))
    assert claim.reproduced is reproduced
