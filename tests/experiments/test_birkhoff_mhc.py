"""The optima are known, every method trains all it should, and the claims can fail."""

import math
from itertools import permutations

import networkx
import pandas
import pytest
import torch

from experiments import data
from experiments.methods import Family
from experiments.methods.probability import Sinkhorn, violation
from experiments.networks.hyper_connections import HyperConnected, gains
from experiments.problems.birkhoff_mhc import (
    CLIQUE_NUMBER,
    EXPERIMENT,
    MOTZKIN_STRAUS,
    BirkhoffMHC,
    claims,
    hungarian,
    motzkin_straus,
    trial,
)
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = BirkhoffMHC(
    steps=6, seeds=(0,), problems=2, size=3, layers=4, width=5, batch=8, starts=2, every=3
)
CPU = Context(0, torch.float32, torch.device("cpu"), 0.1)
EPS = torch.finfo(torch.float64).eps
PARTLY = "unconstrained"


def logged(name, settings=SMALL):
    return list(rows(trial(settings, EXPERIMENT.methods[name], CPU), settings.steps))


def test_the_karate_club_is_zacharys():
    graph = networkx.from_numpy_array(data.load("karate_club"))
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (34, 78)
    assert max(map(len, networkx.find_cliques(graph))) == CLIQUE_NUMBER


def test_the_value_at_a_largest_clique_is_that_of_motzkin_and_straus():
    graph = networkx.from_numpy_array(data.load("karate_club"))
    clique = max(networkx.find_cliques(graph), key=len)
    x = torch.zeros(34, dtype=torch.float64)
    x[clique] = 1 / len(clique)
    assert motzkin_straus(x).item() == pytest.approx(MOTZKIN_STRAUS, abs=34 * EPS)


def test_no_random_point_of_the_simplex_is_above_the_value(generator):
    x = torch.rand(1000, 34, generator=generator, dtype=torch.float64).pow(20)
    assert (motzkin_straus(x / x.sum(-1, keepdim=True)) < MOTZKIN_STRAUS).all()


def test_the_adjacency_matrix_is_that_of_a_graph():
    a = data.load("karate_club")
    assert (a == a.T).all()
    assert set(a.flat) == {0, 1}
    assert a.trace() == 0


def test_the_least_cost_is_that_of_the_best_permutation(generator):
    costs = torch.rand(3, 4, 4, generator=generator, dtype=torch.float64)
    every = torch.stack([costs[:, range(4), p].sum(-1) for p in permutations(range(4))])
    torch.testing.assert_close(hungarian(costs), every.amin(0))


def test_sinkhorns_columns_sum_to_one_and_its_rows_do_not(generator):
    x = Sinkhorn()(20 * torch.randn(30, 6, 6, generator=generator, dtype=torch.float64))
    assert violation(x, (-2,)) < 100 * EPS
    assert violation(x, (-1,)) > 0.01


def test_the_violation_counts_negative_entries():
    x = torch.tensor([[1.5, -0.5], [-0.5, 1.5]])
    assert violation(x, (-1, -2)).item() == pytest.approx(0.5)


def test_the_gain_is_the_largest_sum_of_a_product(generator):
    h = torch.randn(3, 4, 4, generator=generator, dtype=torch.float64)
    composite = h[2] @ h[1] @ h[0]
    expected = torch.stack([composite.sum(1).abs().max(), composite.sum(0).abs().max()])
    torch.testing.assert_close(gains(h)[-1], expected)


def test_the_gain_of_permutations_is_one(generator):
    h = torch.eye(5)[torch.stack([torch.randperm(5, generator=generator) for _ in range(60)])]
    assert torch.equal(gains(h), torch.ones(60, 2, dtype=torch.float64))


def test_without_blocks_the_streams_keep_their_mean(generator):
    network = HyperConnected(6, 3, 10, 4, 2)
    network.write.data.zero_()
    h = torch.eye(4)[torch.stack([torch.randperm(4, generator=generator) for _ in range(10)])]
    x = torch.randn(7, 6, generator=generator)
    torch.testing.assert_close(network(x, h), network.head(network.embedding(x)))


@pytest.mark.parametrize("name", EXPERIMENT.methods)
def test_every_method_trains_and_logs_its_last_step(name):
    log = logged(name)
    assert [row["step"] for row in log] == [0, 3, 6]
    assert len(log[-1]["gains"]) == SMALL.layers
    assert log[-1]["loss"] != log[0]["loss"]


@pytest.mark.parametrize("name", [name for name in EXPERIMENT.methods if name != PARTLY])
def test_every_constrained_method_moves_in_all_three_problems(name):
    log = logged(name)
    assert log[-1]["gap"] != log[0]["gap"]
    assert log[-1]["clique"] != log[0]["clique"]


def test_without_constraint_only_the_network_is_judged():
    assert math.isnan(logged(PARTLY)[-1]["gap"])
    assert math.isnan(logged(PARTLY)[-1]["clique"])


GOOD = {"gap": 1e-3, "below": -1e-4, "off_one": 1e-7, "clique": 0.7999, "violation": 1e-7}


@pytest.mark.parametrize(
    ("worse", "verdicts"),
    [
        ({}, [True, True, True]),
        ({"gap": 0.1}, [False, True, True]),
        ({"below": 0.01}, [False, True, True]),
        ({"off_one": 2e-6}, [True, False, True]),
        ({"off_one": math.nan}, [True, False, True]),
        ({"clique": 0.75}, [True, True, False]),
        ({"violation": 1e-2}, [False, False, False]),
    ],
)
def test_each_claim_needs_its_number_and_the_constraint(worse, verdicts):
    row = {**GOOD, **worse, "method": "parametrized", "family": Family.OURS, "seed": 0}
    found = claims(BirkhoffMHC(), pandas.DataFrame([{**row, "dtype": "float32"}]))
    assert [claim.reproduced for claim in found] == verdicts


@pytest.mark.parametrize(("below", "reproduced"), [(0.1, True), (0.0, False), (math.nan, False)])
def test_sinkhorn_must_be_seen_below_the_optimum(below, reproduced):
    row = {**GOOD, "below": below, "method": "sinkhorn-20", "family": Family.PEER, "seed": 0}
    (claim,) = claims(BirkhoffMHC(), pandas.DataFrame([{**row, "dtype": "float32"}]))
    assert claim.reproduced is reproduced
