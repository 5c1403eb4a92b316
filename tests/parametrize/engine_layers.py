"""Small modules with a parametrization, the same for each engine."""

import torch
from engine_zoo import (
    Double,
    Halves,
    NoInverse,
    RankOne,
    Shift,
    Single,
    Symmetric,
    UnwrittenInverse,
)
from torch import nn


class Holder(nn.Module):
    """A module with the parameters and buffers it is given, under their names."""

    def __init__(self, **tensors):
        super().__init__()
        for name, tensor in tensors.items():
            if tensor is None or isinstance(tensor, nn.Parameter):
                self.register_parameter(name, tensor)
            else:
                self.register_buffer(name, tensor)


def linear(n=3, **options):
    """Return a small layer, the same for each engine."""
    torch.manual_seed(0)
    return nn.Linear(n, n, **options)


def symmetric(n=3, seed=1):
    """Return a symmetric matrix, the same for each engine."""
    a = torch.randn(n, n, generator=torch.Generator().manual_seed(seed))
    return a + a.mT


CHAINS = {
    "one": [Symmetric],
    "a_chain": [Symmetric, Double],
    "several": [Halves],
    "several_in_a_chain": [Halves, Double, Symmetric],
    "a_sequence_of_one": [Single],
    "rank_one": [RankOne],
    "own_tensors": [Shift],
    "no_right_inverse": [NoInverse],
    "no_right_inverse_first": [NoInverse, Double],
    "no_right_inverse_last": [Double, NoInverse],
    "unwritten_right_inverse": [UnwrittenInverse],
}


def parametrized(engine, chain, module=None, name="weight", **options):
    """Return a layer with the functions of `chain` registered."""
    module = linear() if module is None else module
    for function in chain:
        engine.register_parametrization(module, name, function(), **options)
    return module


def layer(engine, *functions):
    """Return a layer with the functions registered on its weight."""
    module = linear()
    for function in functions or (Double(),):
        engine.register_parametrization(module, "weight", function)
    return module
