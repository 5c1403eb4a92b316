"""Two processes train a parametrized module together as one process trains it alone."""

import pytest
import torch
from engine_ranks import WEIGHTS, WORLD, WRAPPERS, X, alone, train, train_in_processes


@pytest.fixture(scope="module", params=WRAPPERS)
def ranks(request, tmp_path_factory):
    """Start the processes once per wrapper: starting them takes longer than training."""
    return train_in_processes(request.param, tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("kind", WEIGHTS)
def test_two_processes_compute_the_outputs_of_one(ranks, kind):
    outputs = torch.empty(3, *X.shape)
    for rank, found in enumerate(ranks):
        outputs[:, rank::WORLD] = found[kind].outputs
    torch.testing.assert_close(outputs, train(kind, alone, X).outputs)


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("rank", range(WORLD))
def test_each_process_has_the_gradients_of_one(ranks, kind, rank):
    torch.testing.assert_close(ranks[rank][kind].gradients, train(kind, alone, X).gradients)


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("rank", range(WORLD))
def test_each_process_ends_with_the_weight_of_one(ranks, kind, rank):
    torch.testing.assert_close(ranks[rank][kind].weight, train(kind, alone, X).weight)
