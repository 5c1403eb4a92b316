"""Scenarios of graphs that are recorded from a parametrized module."""

# ruff: noqa: D102 -- the name of a test class or method says what it is

import warnings

import torch
from engine_layers import parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Double, Symmetric
from torch import nn

X = torch.linspace(-1, 1, 6).reshape(2, 3)


@scene
def a_trace_by_torchscript(engine):
    module = parametrized(engine, [Symmetric])

    def within_cache():
        with engine.cached():
            return torch.jit.trace(module, X)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript as a whole
        return [torch.jit.trace(module, X)(2 * X), attempt(within_cache)]


@scene
def a_graph_by_torch_fx(engine):
    traced = torch.fx.symbolic_trace(nn.Sequential(parametrized(engine, [Symmetric]), nn.Tanh()))
    return [str(traced.graph), traced(X), [name for name, _ in traced.named_parameters()]]


class Root(nn.Module):
    """Reads weights itself, one of its own and one of a layer."""

    def __init__(self, engine, function):
        super().__init__()
        self.w = nn.Parameter(symmetric())
        self.layer = parametrized(engine, [Double])
        engine.register_parametrization(self, "w", function)

    def forward(self, x):
        return x @ self.w + x @ self.layer.weight


class Choosing(nn.Module):
    """A function that looks at its values, which torch.fx cannot trace."""

    def forward(self, x):
        return x if x.sum() > 0 else -x


@scene
def a_graph_by_torch_fx_of_a_module_that_reads_its_weight(engine):
    roots = [Root(engine, Symmetric()), Root(engine, Choosing())]
    traced = [torch.fx.symbolic_trace(root) for root in roots]
    return [[graph.code, graph(X)] for graph in traced]
