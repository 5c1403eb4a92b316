"""What each of several processes does when they train one parametrized module together."""

import warnings
from dataclasses import dataclass

import torch
import torch.distributed as dist
from engine_layers import linear, parametrized
from engine_zoo import Halves, Shift, Symmetric
from torch import multiprocessing, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

import manifolds
import parametrize

WORLD, N = 2, 4
X = torch.linspace(-1, 1, 4 * N).reshape(4, N)  # rank r has every second row


def _one_row():
    return Shift([1.0])  # fully_shard takes no parameters without dimensions


WEIGHTS = {
    "one_original": lambda layer: parametrized(parametrize, [Symmetric], layer),
    "a_chain_with_own_tensors": lambda layer: parametrized(
        parametrize, [Symmetric, _one_row], layer
    ),
    "several_originals": lambda layer: parametrized(parametrize, [Halves], layer),
    "orthogonal": lambda layer: manifolds.constrain(layer, "weight", manifolds.Orthogonal),
}


@dataclass
class Training:
    """The gradients of the first step, the outputs of all, and the weight at the end."""

    gradients: dict
    outputs: torch.Tensor
    weight: torch.Tensor


def model(kind):
    """Two layers, the first parametrized."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", manifolds.OffManifoldWarning)
        return nn.Sequential(WEIGHTS[kind](linear(N)), nn.Tanh(), linear(N))


def alone(module):
    """No wrapper."""
    return module


def sharded(module):
    """FSDP2: each rank has some rows of each original."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    fully_shard(module[0], mesh=mesh)
    return fully_shard(module, mesh=mesh)


WRAPPERS = {"DistributedDataParallel": DistributedDataParallel, "fully_shard": sharded}


def whole(tensor):
    """Return the tensor, gathered if each rank has a part."""
    return (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).detach().clone()


def train(kind, wrap, rows):
    """Three steps with momentum on the mean over `rows`."""
    module = model(kind)
    wrapped = wrap(module)
    optimizer = torch.optim.SGD(wrapped.parameters(), 0.1, momentum=0.9)
    gradients, outputs = None, []
    for _ in range(3):
        optimizer.zero_grad()
        with parametrize.cached():
            outputs.append(wrapped(rows))
            outputs[-1].square().mean().backward()
        gradients = gradients or {n: whole(p.grad) for n, p in module.named_parameters()}
        optimizer.step()
    if wrap is sharded:
        module[0].unshard()
    return Training(gradients, torch.stack(outputs).detach(), module[0].weight.detach().clone())


def _work(rank, name, folder):
    torch.set_num_threads(1)
    store = f"file://{folder}/rendezvous"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=WORLD)
    try:
        found = {kind: train(kind, WRAPPERS[name], X[rank::WORLD]) for kind in WEIGHTS}
        torch.save(found, f"{folder}/rank{rank}.pt")
        dist.barrier()
    finally:
        dist.destroy_process_group()


def train_in_processes(name, folder):
    """Return what each rank saw, by kind of weight."""
    multiprocessing.spawn(_work, (name, str(folder)), nprocs=WORLD)
    paths = [folder / f"rank{rank}.pt" for rank in range(WORLD)]
    return [torch.load(path, weights_only=False) for path in paths]  # files of our own making
