"""The seen entries are as many as promised, nothing is recovered from too few, claims can fail."""

import math
from dataclasses import replace

import pandas
import pytest
import torch

from experiments.data import movielens, ratings
from experiments.data.folders import VARIABLE
from experiments.data.low_rank import beyond, problem, truncated
from experiments.methods import Family
from experiments.methods.ours import rank_of
from experiments.problems.low_rank_completion import (
    EXPERIMENT,
    LARGEST_ERROR,
    MOVIELENS,
    Completion,
    claims,
    require,
    trial,
)
from experiments.runner.errors import ExperimentError, MissingDataError
from experiments.runner.experiment import Context
from experiments.runner.trial import rows

SMALL = Completion(steps=80, seeds=(0,), size=40, rank=2, map_size=20, cell_steps=20)
LBFGS = ("fixed-lbfgs", "lowrank-lbfgs")


def context(learning_rate=1.0, seed=0):
    return Context(seed, torch.float64, torch.device("cpu"), learning_rate)


@pytest.fixture
def task():
    return problem(40, 2, 3.0, context(), context().generator())


def test_the_seen_entries_are_oversampled_degrees_of_freedom(task):
    assert len(task.seen.unique()) == 3 * 2 * (2 * 40 - 2)


def test_the_matrix_has_its_rank_loss_and_error_zero(task):
    assert rank_of(task.a) == 2
    assert task.loss(task.a) == 0
    assert task.error(task.a) == 0


def test_the_loss_sees_seen_entries_only(task):
    other = task.a + 1
    other.view(-1)[task.seen] = task.entries
    assert task.loss(other) == 0
    assert task.error(other) > 0.1


def test_the_truncation_is_the_nearest_of_its_rank(task):
    noisy = task.a + 1e-3 * task.a.sin()
    s = torch.linalg.svdvals(noisy)
    torch.testing.assert_close(torch.dist(noisy, truncated(noisy, 2)), s[2:].norm())


def test_what_is_beyond_a_rank_is_rounding_or_at_least_the_singular_values_beyond(task):
    noise = torch.randn(40, 40, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    s = torch.linalg.svdvals(task.a + 1e-4 * noise)
    least = s[2:].norm() / s.norm()
    rounding = 1e-14  # 40 eps of a matrix of norm 1 and 40 columns
    assert beyond(2, task.a) < rounding
    assert least - rounding <= beyond(2, task.a + 1e-4 * noise) < 1.01 * least


@pytest.mark.parametrize("name", [*LBFGS, "pymanopt-cg"])
def test_a_line_search_recovers_the_matrix(name):
    log = list(rows(trial(SMALL, EXPERIMENT.methods[name], context()), SMALL.steps))
    assert log[-1]["gap"] < LARGEST_ERROR
    assert log[-1]["violation"] < 1e-13  # 10 n eps


def test_without_the_rank_only_the_seen_entries_are_learnt():
    method = EXPERIMENT.methods["unconstrained"]
    log = list(rows(trial(SMALL, method, context(0.3)), SMALL.steps))
    assert log[-1]["loss"] < 0.1
    assert log[-1]["gap"] > 0.1


def test_the_map_has_a_row_per_cell_and_shows_that_too_few_entries_are_too_few():
    log = list(rows(trial(SMALL, EXPERIMENT.methods["phases"], context()), SMALL.steps))
    assert len({(row["rank"], row["oversampling"]) for row in log}) == len(log) == 40
    assert min(row["gap"] for row in log if row["oversampling"] == 1) > 1e-3


@pytest.mark.parametrize(
    ("gap", "violation", "reproduced"),
    [(1e-8, 0.0, True), (1e-3, 0.0, False), (math.nan, 0.0, False), (1e-8, 1e-3, False)],
)
def test_the_claim_needs_the_error_and_the_rank(gap, violation, reproduced):
    row = {"seed": 0, "gap": gap, "violation": violation, "family": Family.OURS}
    frame = pandas.DataFrame([{**row, "method": "fixed-lbfgs", "dtype": "float64"}])
    (claim,) = claims(SMALL, frame)
    assert claim.reproduced is reproduced


REAL = Completion(steps=4, data=MOVIELENS)


@pytest.fixture
def taste(monkeypatch):
    """All ratings of 40 films by 30 people whose taste has rank one, as if they were MovieLens."""
    generator = torch.Generator().manual_seed(0)
    liked = torch.randn(30, 1, generator=generator) @ torch.randn(1, 40, generator=generator)
    values = (3 + liked).clamp(1, 5).round().double().flatten().numpy()
    people, films = (
        x.flatten().numpy()
        for x in torch.meshgrid(torch.arange(30), torch.arange(40), indexing="ij")
    )
    found = movielens.Ratings(people, films, values)
    monkeypatch.setattr(movielens, "load", lambda: found)
    monkeypatch.setattr(ratings, "SHAPE", (30, 40))
    return found


@pytest.mark.usefixtures("taste")
def test_every_rating_is_unseen_in_one_of_five_folds_that_share_a_shuffle():
    folds = [ratings.fold(context(seed=seed)) for seed in range(5, 10)]
    assert torch.cat([fold.unseen for fold in folds]).sort().values.equal(torch.arange(1200))
    assert torch.cat([folds[0].seen, folds[0].unseen]).sort().values.equal(torch.arange(1200))


def test_a_shrunken_mean_is_the_mean_over_that_many_more_zeros():
    values = torch.tensor([1.0, 3.0, 5.0])
    found = ratings.shrunk(torch.tensor([0, 0, 2]), values, 3, shrinkage=2)
    torch.testing.assert_close(found, torch.tensor([4 / 4, 0, 5 / 3]))


@pytest.mark.usefixtures("taste")
@pytest.mark.parametrize("name", LBFGS)
def test_a_taste_of_low_rank_is_predicted_better_than_by_the_baseline(name):
    fold = ratings.fold(context())
    log = list(rows(trial(REAL, EXPERIMENT.methods[name], context()), REAL.steps))
    assert log[-1]["gap"] < fold.error(torch.zeros(30, 40, dtype=torch.float64))
    assert log[-1]["violation"] < 1e-13  # 10 n eps


@pytest.mark.parametrize("name", ["phases"])
def test_the_map_has_no_part_in_the_ratings(name):
    assert next(rows(trial(replace(REAL, cell_steps=2), EXPERIMENT.methods[name], context()), 0))


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(movielens, "packaged", list)


@pytest.mark.usefixtures("nowhere")
def test_missing_ratings_are_an_error_only_where_they_are_asked_for():
    require(Completion())
    with pytest.raises(MissingDataError, match=r"MovieLens-100k is not here.*--data FOLDER"):
        require(REAL)


def test_unknown_data_have_a_suggestion():
    with pytest.raises(ExperimentError, match="did you mean 'movielens'"):
        require(Completion(data="movielense"))


@pytest.mark.parametrize(
    ("gaps", "reproduced"),
    [((0.92, 0.95), True), ((0.93, 0.96), False), ((0.9, math.nan), False)],
)
def test_the_claim_about_ratings_is_of_the_mean_over_the_folds(gaps, reproduced):
    row = {"violation": 0.0, "family": Family.OURS, "method": "fixed-lbfgs", "dtype": "float64"}
    frame = pandas.DataFrame([{**row, "seed": i, "gap": gap} for i, gap in enumerate(gaps)])
    (claim,) = claims(REAL, frame)
    assert claim.reproduced is reproduced
