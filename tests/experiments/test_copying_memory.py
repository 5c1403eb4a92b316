"""The task is the published one, every method gets the same start, and the claims can fail."""

import math
from dataclasses import replace

import pandas
import pytest
import torch
from torch.nn.functional import cross_entropy

from experiments.methods import Family
from experiments.networks.recurrent import Recurrent, modrelu, random_rotation
from experiments.problems.copying_memory import (
    BLANK,
    EXPERIMENT,
    MARKER,
    SYMBOLS,
    CopyingMemory,
    claims,
    initial,
    sequences,
    trial,
    trivial,
)
from experiments.runner.experiment import Context
from experiments.runner.measure import floor, violation
from experiments.runner.trial import rows

SMALL = CopyingMemory(steps=4, seeds=(0,), pause=5, hidden=8, batch=4, every=2)
CPU = Context(0, torch.float32, torch.device("cpu"), 0.001)
STARTED = [name for name in EXPERIMENT.methods if name != "unconstrained"]


def test_a_sequence_is_symbols_pause_marker_and_room_for_the_answer(generator):
    x, y = sequences(5, 3, generator)
    assert x.shape == y.shape == (25, 3)
    assert (x[:10] < SYMBOLS).all()
    assert (x[10:14] == BLANK).all()
    assert (x[14] == MARKER).all()
    assert (x[15:] == BLANK).all()
    assert (y[:15] == BLANK).all()
    assert torch.equal(y[15:], x[:10])


def test_the_trivial_loss_is_that_of_blanks_and_a_guess(generator):
    _, y = sequences(7, 4, generator)
    p = torch.zeros(*y.shape, SYMBOLS + 1)
    p[:-10, :, BLANK], p[-10:, :, :SYMBOLS] = 1, 1 / SYMBOLS
    loss = cross_entropy(p.clamp_min(1e-30).log().flatten(0, 1), y.flatten())
    assert loss.item() == pytest.approx(trivial(7))
    assert trivial(7) == pytest.approx(10 * math.log(8) / 27)


@pytest.mark.parametrize("size", [1, 6, 7])
def test_the_start_is_a_rotation(size, generator):
    q = random_rotation(size, generator)
    assert violation(q) < floor(size, torch.float64)
    assert torch.linalg.det(q).item() == pytest.approx(1)


@pytest.mark.parametrize("z", [-2.0, -0.5, 0.5, 2.0])
def test_modrelu_shortens_by_the_bias_and_keeps_the_sign(z):
    shortened = modrelu(torch.tensor(z), torch.tensor(-1.0)).item()
    assert shortened == pytest.approx(math.copysign(max(abs(z) - 1, 0), z))


def test_without_input_and_bias_the_states_keep_their_norm(generator):
    memory = Recurrent(6)
    memory.recurrence.weight.data = random_rotation(6, generator).float()
    memory.bias.data.zero_()
    u = torch.zeros(20, 1, 6)
    u[0] = torch.randn(6, generator=generator)
    norms = torch.linalg.vector_norm(memory(u), dim=-1)
    torch.testing.assert_close(norms, norms[:1].expand_as(norms))


def test_the_weight_is_computed_once_per_forward(monkeypatch):
    network, _ = initial(SMALL, EXPERIMENT.methods["cayley"], CPU)
    manifold = network.memory.recurrence.parametrizations.weight[0]
    computed = []
    manifold.register_forward_hook(lambda *_: computed.append(1))
    network(torch.zeros(30, 2, dtype=torch.long))
    assert len(computed) == 1


@pytest.mark.parametrize("name", STARTED)
def test_all_methods_but_the_default_start_at_the_same_rotation(name):
    (reference,) = initial(SMALL, EXPERIMENT.methods["unconstrained-orthogonal"], CPU)[1].weights()
    (started,) = initial(SMALL, EXPERIMENT.methods[name], CPU)[1].weights()
    torch.testing.assert_close(started, reference, atol=1e-5, rtol=0)  # geotorch's rounding


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains_and_logs_its_last_step(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], CPU), SMALL.steps))
    assert [row["step"] for row in log] == [0, 2, 4]
    assert log[-1]["loss"] != log[0]["loss"]


def test_our_network_learns_a_short_pause():
    settings = replace(SMALL, steps=200, pause=2, hidden=32, batch=16, every=200)
    fast = replace(CPU, learning_rate=0.003)
    log = list(rows(trial(settings, EXPERIMENT.methods["cayley"], fast), settings.steps))
    assert log[-1]["of_trivial"] < 0.5


def judged(method, family, **row):
    """The verdict on a method whose only row this is."""
    row = {"loss": 0.02, "of_trivial": 0.1, "violation": 1e-6, **row}
    row |= {"method": method, "family": family, "seed": 0, "dtype": "float32"}
    (claim,) = claims(CopyingMemory(), pandas.DataFrame([row]))
    return claim.reproduced


@pytest.mark.parametrize(
    ("row", "reproduced"),
    [
        ({}, True),
        ({"of_trivial": 0.6}, False),
        ({"of_trivial": math.nan}, False),
        ({"loss": math.nan}, False),
        ({"violation": 1e-3}, False),
        ({"violation": math.nan}, False),
    ],
)
def test_ours_must_learn_on_the_manifold(row, reproduced):
    assert judged("cayley", Family.OURS, **row) is reproduced


@pytest.mark.parametrize(("of_trivial", "reproduced"), [(0.1, True), (0.6, False)])
def test_the_orthogonal_start_must_learn_whatever_its_violation(of_trivial, reproduced):
    row = {"of_trivial": of_trivial, "violation": 1.0}
    assert judged("unconstrained-orthogonal", Family.INFEASIBLE, **row) is reproduced


@pytest.mark.parametrize(("of_trivial", "reproduced"), [(1.0, True), (0.5, False)])
def test_the_default_start_must_stay_at_the_trivial_loss(of_trivial, reproduced):
    assert judged("unconstrained", Family.INFEASIBLE, of_trivial=of_trivial) is reproduced
