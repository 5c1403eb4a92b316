"""Every preset of paper scale starts: its trial is built in full size and takes two steps."""

import pytest
import torch

from experiments.data.folders import VARIABLE
from experiments.methods import Family
from experiments.problems import EXPERIMENTS
from experiments.runner.errors import MissingDataError
from experiments.runner.experiment import Context, parse_dtype
from experiments.runner.plan import override
from experiments.runner.trial import Training

OF_THE_USER = {"stiefel_mlp": "fashion-mnist", "ortho_rnn_mnist1d": "mnist"}
# Sizes that a test can wait for: in full size the dual of 2000 × 2000 and the singular value
# decomposition of 8000 × 8000, which come before the first step, take minutes, the eigenvalues of
# 128 candidates and a pause of 1000 steps half a minute on a busy machine.
SMALLER = {
    "nearest_correlation": {"sizes": "[100]"},
    "low_rank_completion": {"size": "800", "map_size": "50"},
    "copying_memory": {"pause": "100"},
    "stable_dynamics": {"systems": "1", "size": "50"},
}


def first_of_ours(experiment):
    return next(m for m in experiment.methods.values() if m.family == Family.OURS)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in OF_THE_USER])
def test_a_paper_preset_takes_two_steps(name):
    experiment = EXPERIMENTS[name]
    settings = override(experiment.settings("paper"), SMALLER.get(name, {}))
    experiment.require(settings)
    context = Context(0, parse_dtype(experiment.dtype), torch.device("cpu"), 1e-3)
    trial = experiment.trial(settings, first_of_ours(experiment), context)
    first, second = trial.row(0), trial.row(1)
    assert first["violation"] >= 0
    assert (second is None) == isinstance(trial, Training)  # which logs every so many steps


@pytest.mark.parametrize(("name", "folder"), OF_THE_USER.items())
def test_a_paper_preset_without_its_data_says_how_to_get_it(name, folder, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr("experiments.data.fashion_mnist.PACKAGE", tmp_path)
    experiment = EXPERIMENTS[name]
    with pytest.raises(MissingDataError, match=f"is not here.*FOLDER/{folder}"):
        experiment.require(experiment.settings("paper"))
