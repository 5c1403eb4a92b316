"""A stack of parametrized modules under vmap computes what each of them computes."""

import pytest
import torch
from engine_layers import linear, parametrized
from engine_zoo import Double, Halves, Shift, Symmetric
from torch import nn
from torch.func import functional_call, vmap

import parametrize

X = torch.linspace(-1, 1, 6).reshape(2, 3)


def ensemble(chain=(Symmetric,), n=3):
    """Modules of the same structure with different values."""
    modules = [nn.Sequential(parametrized(parametrize, chain), nn.Tanh()) for _ in range(n)]
    for i, module in enumerate(modules):
        with torch.no_grad():
            for tensor in [*module.parameters(), *module.buffers()]:
                tensor.add_(0.1 * i)
    return modules


@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
@pytest.mark.parametrize("chain", [[Symmetric], [Halves, Double], [Symmetric, Shift]])
def test_values_and_gradients_are_those_of_each_module(chain, cache):
    modules = ensemble(chain)
    parameters, buffers = parametrize.stack_modules(modules)

    def call(parameters, buffers):
        if not cache:
            return functional_call(modules[0], (parameters, buffers), X)
        with parametrize.cached():
            return functional_call(modules[0], (parameters, buffers), X)

    found = vmap(call)(parameters, buffers)
    expected = torch.stack([module(X) for module in modules])
    torch.testing.assert_close(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    for name, stacked in parameters.items():
        each = [module.get_parameter(name).grad for module in modules]
        torch.testing.assert_close(stacked.grad, torch.stack(each))


def test_stacked_tensors_are_leaves_of_their_own():
    modules = ensemble()
    parameters, _ = parametrize.stack_modules(modules)
    assert all(p.is_leaf and p.requires_grad for p in parameters.values())
    before = modules[0][0].weight
    with torch.no_grad():
        parameters["0.parametrizations.weight.original"].zero_()
    assert torch.equal(modules[0][0].weight, before)


def test_frozen_parameters_stay_frozen():
    modules = [module.requires_grad_(requires_grad=False) for module in ensemble()]
    assert not any(p.requires_grad for p in parametrize.stack_modules(modules)[0].values())


def test_plain_modules_are_stacked_as_torch_stacks_them():
    modules = [linear(), linear()]
    expected = torch.func.stack_module_state(modules)
    torch.testing.assert_close(parametrize.stack_modules(modules), expected)


@pytest.mark.parametrize(
    ("other", "match"),
    [
        (lambda: linear(4), "weight is"),
        (lambda: parametrized(parametrize, [Double]), "parametrizations"),
        (lambda: linear().eval(), "False"),
        (lambda: linear().double(), "float64"),
        (lambda: linear(bias=False), "bias is missing in module 1"),
        (lambda: linear().requires_grad_(requires_grad=False), "weight is"),
    ],
)
def test_modules_of_another_structure_are_refused_and_the_difference_named(other, match):
    with pytest.raises(ValueError, match=match):
        parametrize.stack_modules([linear(), other()])


def test_no_module_is_refused():
    with pytest.raises(ValueError, match="got none"):
        parametrize.stack_modules([])
