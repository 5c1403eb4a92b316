"""Whose a tied tensor is, in functional calls, copies and files."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import copy
import warnings

import pytest
import torch
from engine_zoo import Double
from torch import nn
from torch.func import functional_call

import parametrize
from parametrize import (
    is_parametrized,
    load_module,
    register_tied_parametrization,
    remove_parametrizations,
    remove_tied_parametrizations,
    save_module,
)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)
        self.b.weight = self.a.weight
        register_tied_parametrization([(self.a, "weight"), (self.b, "weight")], Double())

    def forward(self, x):
        return self.b(self.a(x))


@pytest.mark.parametrize("names", [["a"], ["b"], ["a", "b"], ["b", "a"]])
def test_a_tied_tensor_comes_back_from_a_functional_call(names):
    module, x = Tied(), torch.eye(2)
    before, value = module.a.weight.clone(), torch.ones(2, 2)
    called = functional_call(module, {f"{name}.weight": value for name in names}, x)
    torch.testing.assert_close(called, module.b.bias + (value + module.a.bias) @ value)
    assert torch.equal(module.a.weight, before)
    assert torch.equal(module.b.weight, before)
    module.a.weight = value
    assert torch.equal(module.b.weight, value)


def test_each_name_of_a_tied_tensor_may_have_its_own_value_in_a_functional_call():
    module, x = Tied(), torch.eye(2)
    values = {"a.weight": torch.ones(2, 2), "b.weight": torch.eye(2)}
    expected = (values["a.weight"] + module.a.bias) @ values["b.weight"].T + module.b.bias
    torch.testing.assert_close(functional_call(module, values, x), expected)


def test_a_layer_that_was_tied_and_is_copied_alone_is_free():
    alone = copy.deepcopy(Tied().a)
    remove_parametrizations(alone, "weight")
    assert not is_parametrized(alone)


def test_a_layer_whose_tied_other_is_gone_is_free():
    module = Tied()
    del module.b
    remove_tied_parametrizations([(module.a, "weight")])
    assert not is_parametrized(module.a)


def test_a_copy_of_all_tied_layers_stays_tied(tmp_path):
    save_module(Tied(), tmp_path / "tied.pt")
    for whole in (copy.deepcopy(Tied()), load_module(tmp_path / "tied.pt", trusted=[Tied, Double])):
        with pytest.raises(ValueError, match="tied under 2 names"):
            remove_parametrizations(whole.a, "weight")
        remove_tied_parametrizations([(whole.a, "weight"), (whole.b, "weight")])
        assert whole.a.weight is whole.b.weight


def test_no_warning_comes_from_a_module_that_nobody_wrote_to():
    module = Tied()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            functional_call(module, parametrize.plain_state_dict(module), torch.eye(2))
