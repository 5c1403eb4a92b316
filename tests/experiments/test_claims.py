"""A NaN in any seed refutes every claim, wherever it stands among the numbers."""

import math
from itertools import permutations

import pandas
import pytest
from experiments_helpers import TINY

from experiments.methods import Family
from experiments.problems import EXPERIMENTS
from experiments.runner.claims import at_most
from experiments.runner.experiment import last, worst
from experiments.runner.extremes import highest, lowest
from experiments.runner.plan import override

ORDERS = list(permutations((1.0, math.nan, 2.0)))


@pytest.mark.parametrize("values", ORDERS)
@pytest.mark.parametrize("extreme", [highest, lowest])
def test_an_extreme_of_numbers_with_nan_is_nan(extreme, values):
    assert math.isnan(extreme(values))


def test_an_extreme_of_numbers_is_theirs():
    assert (highest((1.0, 3.0, 2.0)), lowest((2.0, 1.0, 3.0))) == (3.0, 1.0)


@pytest.mark.parametrize("values", ORDERS)
@pytest.mark.parametrize("per_seed", [last, worst])
def test_a_limit_is_broken_by_nan_in_any_seed(per_seed, values):
    frame = pandas.DataFrame({"seed": range(3), "gap": values})
    assert not at_most("gap", per_seed("gap"), 10.0)(frame).holds


def test_a_last_row_of_nan_is_not_replaced_by_the_one_before():
    frame = pandas.DataFrame({"seed": [0, 0], "gap": [1.0, math.nan]})
    assert math.isnan(last("gap")(frame)[0])


VALUES = {"condition": 1.0, "accuracy": 1.0, "distance": 1.0, "clique": 0.8}  # else 0
CLAIMED = {  # the columns that decide, under the settings of `TINY`, and a method they judge
    "stiefel_procrustes": ("cayley", ["gap", "violation"]),
    "stiefel_mlp": ("cayley", ["accuracy", "condition", "violation"]),
    "thomson": ("lbfgs", ["gap 4", "gap 6", "violation"]),
    "eigen_suite": ("brockett-lbfgs", ["gap", "violation"]),
    "nearest_correlation": ("lbfgs", ["gap", "misprint 3", "misprint 4", "violation"]),
    "maxcut_torus": (
        "lbfgs-rebased",
        [f"{c} {g}" for c in ("gap", "missing", "certificate") for g in ("5", "4x5")]
        + ["violation"],
    ),
    "low_rank_completion": ("fixed-lbfgs", ["gap", "violation"]),
    "spd_means_gmm": ("mean-lbfgs", ["gap", "violation"]),
    "copying_memory": ("cayley", ["loss", "of_trivial", "violation"]),
    "stable_dynamics": ("parametrized", ["loss", "over_projected", "violation"]),
    "birkhoff_mhc": ("parametrized", ["gap", "below", "off_one", "clique", "violation"]),
    "lipschitz_groupsort": ("cayley", ["distance", "violation"]),
    "ortho_rnn_mnist1d": ("cayley", ["violation"]),
}
CASES = [(name, column) for name, (_, columns) in CLAIMED.items() for column in columns]


def reproduced(name, column, seed):
    """Judge three perfect seeds of two rows, but for a NaN at the end of one seed."""
    method, columns = CLAIMED[name]
    good = {c: VALUES.get(c, 0.0) for c in columns}
    about = {"method": method, "family": Family.OURS, "dtype": "float64"}
    rows = [{**about, **good, "seed": s, "step": step} for s in range(3) for step in range(2)]
    frame = pandas.DataFrame(rows)
    frame.loc[(frame.seed == seed) & (frame.step == 1), column] = math.nan
    experiment = EXPERIMENTS[name]
    settings = dict(text.split("=", 1) for text in TINY[name])
    made = experiment.claims(override(experiment.settings("quick"), settings), frame)
    return bool(made) and all(claim.reproduced for claim in made)


def test_every_experiment_is_judged_here():
    assert set(CLAIMED) == set(EXPERIMENTS)


@pytest.mark.parametrize("name", CLAIMED)
def test_perfect_seeds_are_reproduced(name):
    assert reproduced(name, "violation", seed=None)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "column"), CASES)
def test_nan_in_any_seed_refutes_a_claim_of_every_experiment(name, column, seed):
    assert not reproduced(name, column, seed)
