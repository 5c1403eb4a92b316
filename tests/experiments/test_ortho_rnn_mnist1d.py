"""The signals are the published ones, both orders are trained, and the constraint is judged."""

import math
import random

import numpy
import pandas
import pytest
import torch

from experiments import data
from experiments.data import mnist1d
from experiments.methods import Family
from experiments.problems.ortho_rnn_mnist1d import (
    EXPERIMENT,
    Pair,
    Signals,
    claims,
    initial,
    signals,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Signals(steps=4, seeds=(0,), hidden=6, batch=8, test=10, every=2)
CPU = Context(0, torch.float32, torch.device("cpu"), 0.001)
STARTED = [n for n in EXPERIMENT.methods if n not in ("unconstrained", "gru")]


def test_the_signals_are_5000_of_40_numbers_in_10_classes():
    found = data.load("mnist1d")
    assert found.train.pixels.shape == (4000, 1, 40)
    assert found.test.pixels.shape == (1000, 1, 40)
    both = numpy.concatenate([found.train.labels, found.test.labels])
    assert numpy.bincount(both).tolist() == [500] * 10
    pixels = numpy.concatenate([found.train.pixels, found.test.pixels])
    # standardized in float64; what is left is float32's rounding, eps = 1.2e-7 and its sums
    assert abs(pixels.mean()) < 1e-5
    assert abs(pixels.std() - 1) < 1e-5


def test_generating_leaves_the_global_generators_as_they_were():
    before = random.getstate(), numpy.random.get_state()[1].tolist()
    mnist1d.load.__wrapped__()
    assert (random.getstate(), numpy.random.get_state()[1].tolist()) == before


def test_training_and_validation_are_apart():
    (x, y), (v, w), (t, _) = signals(Signals(), CPU)
    assert (x.shape, v.shape, t.shape) == ((40, 3600, 1), (40, 400, 1), (40, 1000, 1))
    assert (len(y), len(w)) == (3600, 400)


def test_the_second_network_reads_the_same_numbers_in_another_order():
    network = Pair(4, 7, gated=False)
    network.permuted.load_state_dict(network.ordered.state_dict())
    x = torch.randn(7, 2, 1, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(x)[1], network(x[network.order])[0])
    assert not torch.equal(network.order, torch.arange(7))


@pytest.mark.parametrize("name", STARTED)
def test_all_recurrent_networks_but_the_default_start_at_the_same_rotation(name):
    reference = initial(SMALL, 40, EXPERIMENT.methods["unconstrained-orthogonal"], CPU)[1]
    started = initial(SMALL, 40, EXPERIMENT.methods[name], CPU)[1]
    rounding = 1e-5  # 80 eps of float32: a rotation assigned to a map and read back
    torch.testing.assert_close(started.weights(), reference.weights(), atol=rounding, rtol=0)


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains_and_logs_its_last_step(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], CPU), SMALL.steps))
    assert [row["step"] for row in log] == [0, 2, 4]
    assert log[-1]["loss"] != log[0]["loss"]
    assert math.isnan(log[-1]["violation"]) is (name == "gru")


@pytest.mark.parametrize(
    ("violation", "reproduced"), [(1e-6, True), (1e-3, False), (math.nan, False)]
)
def test_the_constraint_is_all_that_is_claimed(violation, reproduced):
    row = {"accuracy": 0.1, "permuted": 0.1, "violation": violation, "dtype": "float32"}
    row |= {"method": "cayley", "family": Family.OURS, "seed": 0}
    (claim,) = claims(Signals(), pandas.DataFrame([row]))
    assert claim.reproduced is reproduced
