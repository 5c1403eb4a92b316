"""A parametrized module trains under DistributedDataParallel and FSDP2 as it does alone."""

import pytest
import torch
import torch.distributed as dist
from engine_layers import linear, parametrized
from engine_zoo import Halves, Symmetric
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

import parametrize

X = torch.linspace(-1, 1, 6).reshape(2, 3)


@pytest.fixture
def _one_process():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def sharded(module):
    mesh = init_device_mesh("cpu", (1,))
    return fully_shard(nn.Sequential(fully_shard(module, mesh=mesh)), mesh=mesh)


def outputs_of_training(module):
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    outputs = []
    for _ in range(3):
        optimizer.zero_grad()
        with parametrize.cached():
            outputs.append(module(X))
            outputs[-1].square().sum().backward()
        optimizer.step()
    return torch.stack(outputs).detach()


@pytest.mark.usefixtures("_one_process")
@pytest.mark.parametrize("wrap", [DistributedDataParallel, sharded])
@pytest.mark.parametrize("function", [Symmetric, Halves])
def test_training_is_the_same_wrapped_and_alone(wrap, function):
    expected = outputs_of_training(parametrized(parametrize, [function], linear()))
    found = outputs_of_training(wrap(parametrized(parametrize, [function], linear())))
    torch.testing.assert_close(found, expected)
