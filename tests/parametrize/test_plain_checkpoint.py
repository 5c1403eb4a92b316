"""Checkpoints cross between a parametrized module and a plain one."""

import copy

import pytest
import torch
from engine_kinds import Shared
from engine_layers import Holder, linear, parametrized, symmetric
from engine_outcome import describe
from engine_zoo import Double, Halves, NoInverse, Raises, Shift, Symmetric
from torch import nn

import parametrize

CHAINS = {"one": [Symmetric], "several": [Halves, Double], "own_tensors": [Symmetric, Shift]}


def model(chain=()):
    """Two layers, the first parametrized and with a buffer."""
    first = linear()
    first.register_buffer("count", torch.tensor(3))
    return nn.Sequential(parametrized(parametrize, chain, first), linear())


def other_state():
    state = copy.deepcopy(model().state_dict())
    return {key: value + 1 for key, value in state.items()} | {"0.weight": symmetric()}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_the_plain_state_is_that_after_removal(chain):
    module = model(chain)
    found = parametrize.plain_state_dict(module)
    before = describe(module)
    removed = parametrize.remove_parametrizations(copy.deepcopy(module)[0], "weight")
    assert describe(module) == before
    assert sorted(found) == sorted(model().state_dict())
    assert torch.equal(found["0.weight"], removed.weight)
    assert not any(tensor.requires_grad for tensor in found.values())


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_plain_state_loads_into_the_parametrized_module_and_back(chain):
    module, state = model(chain), other_state()
    assert parametrize.load_plain_state_dict(module, state) == ([], [])
    torch.testing.assert_close(dict(parametrize.plain_state_dict(module)), state)


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_parameters_stay_the_objects_that_the_optimizer_has(chain):
    module = model(chain)
    before = list(map(id, module.parameters()))
    parametrize.load_plain_state_dict(module, other_state())
    assert list(map(id, module.parameters())) == before


def test_the_gradient_after_loading_is_that_of_the_plain_module():
    module, plain, x = model([Symmetric]), model(), torch.ones(2, 3)
    parametrize.load_plain_state_dict(module, other_state())
    plain.load_state_dict(other_state())
    for m in (module, plain):
        m(x).square().sum().backward()
    gradient = plain[0].weight.grad
    expected = gradient.triu() + gradient.tril(-1).mT
    torch.testing.assert_close(module[0].parametrizations.weight.original.grad, expected)


def test_the_dtype_is_that_of_the_module():
    module = model([Symmetric])
    state = {key: value.double() for key, value in other_state().items()}
    parametrize.load_plain_state_dict(module, state)
    assert module[0].weight.dtype == torch.float32
    torch.testing.assert_close(module[0].weight, symmetric())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"2.weight": torch.ones(1)}, r"beyond|2\.weight"),
        ({"0.parametrizations.weight.original": torch.ones(3, 3)}, r"0\.parametrizations"),
    ],
)
def test_an_unexpected_key_is_refused_and_named(change, match):
    with pytest.raises(RuntimeError, match=match):
        parametrize.load_plain_state_dict(model([Symmetric]), other_state() | change)


@pytest.mark.parametrize("key", ["0.weight", "0.bias", "1.weight"])
def test_a_missing_key_is_refused_unless_it_may_be_missing(key):
    module, state = model([Symmetric]), other_state()
    del state[key]
    with pytest.raises(RuntimeError, match=rf"lacks \['{key}'\]"):
        parametrize.load_plain_state_dict(module, state)
    assert parametrize.load_plain_state_dict(module, state, strict=False) == ([key], [])


@pytest.mark.parametrize(
    ("function", "value", "error"),
    [
        (Symmetric(), torch.ones(2, 2), ValueError),
        (NoInverse(), torch.ones(3, 3), RuntimeError),
        (Symmetric(), 7, Exception),
    ],
    ids=["another_shape", "no_right_inverse", "no_tensor"],
)
def test_a_failure_names_its_key_and_changes_nothing(function, value, error):
    module = model([Symmetric])
    parametrize.register_parametrization(module[1], "weight", function)
    before = describe(module)
    with pytest.raises(error) as caught:
        parametrize.load_plain_state_dict(module, other_state() | {"1.weight": value})
    assert "'1.weight'" in "".join(caught.value.__notes__)
    assert describe(module) == before


def test_a_ctrl_c_in_a_right_inverse_changes_nothing():
    module = model([Symmetric])
    function = Raises()
    parametrize.register_parametrization(module[1], "weight", function)
    function.in_inverse = KeyboardInterrupt()
    before = describe(module)
    with pytest.raises(KeyboardInterrupt):
        parametrize.load_plain_state_dict(module, other_state())
    assert describe(module) == before


def test_tied_tensors_are_one_tensor_in_the_plain_state():
    module = Shared()
    owners = [(module.a, "weight"), (module.b, "weight")]
    parametrize.register_tied_parametrization(owners, Symmetric())
    state = parametrize.plain_state_dict(module)
    assert state["a.weight"] is state["b.weight"]
    assert parametrize.load_plain_state_dict(module, state) == ([], [])


def test_a_parametrized_original_is_part_of_the_value():
    module = model([Symmetric])
    parametrize.register_parametrization(module[0].parametrizations.weight, "original", Double())
    assert sorted(parametrize.plain_state_dict(module)) == sorted(model().state_dict())
    parametrize.load_plain_state_dict(module, other_state())
    torch.testing.assert_close(module[0].weight, symmetric())


def test_a_buffer_that_is_not_persistent_is_in_no_plain_state():
    module = Holder(w=nn.Parameter(torch.ones(2)))
    module.register_buffer("b", torch.ones(2), persistent=False)
    parametrize.register_parametrization(module, "b", Double())
    assert list(parametrize.plain_state_dict(module)) == ["w"]
    assert parametrize.load_plain_state_dict(module, {"w": torch.zeros(2)}) == ([], [])
