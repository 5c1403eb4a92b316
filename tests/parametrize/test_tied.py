"""Tied tensors stay tied, or it is said that they do not."""

import copy
import warnings

import pytest
import torch
from engine_kinds import Shared
from engine_layers import linear, parametrized, symmetric
from engine_outcome import describe
from engine_zoo import Based, Counting, Double, Halves, Raises, Returns, Symmetric
from torch import nn

import parametrize
from parametrize import register_tied_parametrization, remove_tied_parametrizations

X = torch.linspace(-1, 1, 6).reshape(2, 3)


def tied(*functions):
    """Return a module with two layers that share a weight, and their names of it."""
    module = Shared()
    owners = [(module.a, "weight"), (module.b, "weight")]
    for function in functions:
        register_tied_parametrization(owners, function)
    return module, owners


@pytest.mark.parametrize("functions", [(Symmetric(),), (Halves(), Double()), (Based(),)])
def test_all_names_have_one_value_and_its_gradient_is_their_sum(functions):
    module, _ = tied(*functions)
    assert torch.equal(module.a.weight, module.b.weight)
    (module.a(X) + module.b(X).square()).sum().backward()
    found = [p.grad.clone() for p in module.a.parametrizations.parameters()]
    weight = module.a.weight.detach().requires_grad_()
    y, z = X @ weight.mT + module.a.bias, X @ weight.mT + module.b.bias
    gradient = torch.autograd.grad((y + z.square()).sum(), weight)[0]
    parameters = list(module.a.parametrizations.parameters())
    expected = torch.autograd.grad(module.a.weight, parameters, gradient)
    torch.testing.assert_close(found, list(expected))


def test_the_value_is_computed_once_for_all_names_inside_cached():
    function = Counting()
    module, _ = tied(function)
    function.calls.clear()
    with parametrize.cached():
        assert module.a.weight is module.b.weight
    assert function.calls == ["forward"]


def test_an_assignment_to_one_name_reaches_the_other():
    module, _ = tied(Symmetric())
    module.b.weight = symmetric()
    assert torch.equal(module.a.weight, symmetric())


def test_parameters_are_listed_once_and_saved_under_every_name():
    module, _ = tied(Halves())
    assert len(list(module.parameters())) == 4
    assert len([key for key in module.state_dict() if "original" in key]) == 4


def test_a_copy_is_tied_to_itself_and_not_to_the_first():
    module, _ = tied(Symmetric())
    copied = copy.deepcopy(module)
    copied.a.weight = symmetric()
    assert torch.equal(copied.b.weight, symmetric())
    assert not torch.equal(module.a.weight, symmetric())


@pytest.mark.parametrize("function", [Symmetric, Halves])
def test_removal_leaves_one_plain_parameter_with_the_value(function):
    module, owners = tied(function())
    value = module.a.weight
    remove_tied_parametrizations(owners)
    assert type(module.a) is type(module.b) is nn.Linear
    assert module.a.weight is module.b.weight
    assert torch.equal(module.a.weight, value)


def test_removal_can_leave_the_original():
    module, owners = tied(Double())
    original = module.a.parametrizations.weight.original
    remove_tied_parametrizations(owners, leave_parametrized=False)
    assert module.b.weight is module.a.weight is original


@pytest.mark.parametrize("names", [[0], [1], [0, 0]])
def test_removal_from_some_of_the_names_is_refused(names):
    module, owners = tied(Double())
    before = describe(module)
    with pytest.raises(ValueError, match="tied"):
        remove_tied_parametrizations([owners[i] for i in names])
    assert describe(module) == before


def test_removal_from_one_name_by_the_untied_function_is_refused():
    module, _ = tied(Double())
    with pytest.raises(ValueError, match="remove_tied_parametrizations"):
        parametrize.remove_parametrizations(module.a, "weight")


def test_removal_of_names_that_are_not_together_is_refused():
    modules = [parametrized(parametrize, [Double]), parametrized(parametrize, [Double])]
    with pytest.raises(ValueError, match="not parametrized together"):
        remove_tied_parametrizations([(m, "weight") for m in modules])


@pytest.mark.parametrize("change", [register_tied_parametrization, remove_tied_parametrizations])
def test_no_name_is_refused(change):
    with pytest.raises(ValueError, match="got none"):
        change([], *([Double()] if change is register_tied_parametrization else []))


def test_tensors_that_are_equal_but_not_one_are_refused():
    with pytest.raises(ValueError, match="tie them first"):
        register_tied_parametrization([(linear(), "weight"), (linear(), "weight")], Double())


@pytest.mark.parametrize("twice", [False, True])
def test_one_name_twice_is_refused(twice):
    module, owners = tied()
    before = describe(module)
    with pytest.raises(ValueError, match="twice"):
        register_tied_parametrization([*owners[twice:], owners[1]], Double())
    assert describe(module) == before


@pytest.mark.parametrize("function", [Returns(value=None), Raises(forward=KeyboardInterrupt())])
def test_a_rejected_registration_leaves_every_name_as_it_was(function):
    module, owners = tied()
    before = describe(module)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        register_tied_parametrization(owners, function)
    assert describe(module) == before
    assert module.a.weight is module.b.weight


def test_a_rejected_removal_leaves_every_name_parametrized():
    module, owners = tied(function := Raises())
    function.in_forward = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        remove_tied_parametrizations(owners)
    function.in_forward = None
    assert torch.equal(module.a.weight, module.b.weight)
    assert parametrize.is_parametrized(module.b, "weight")


def two_names():
    module = linear()
    module.other = module.weight
    return module


def test_registering_on_one_of_two_names_warns_and_names_the_other():
    with pytest.warns(UserWarning, match="other is tied to weight") as caught:
        parametrize.register_parametrization(two_names(), "weight", Double())
    assert caught[0].filename == __file__


def test_two_names_in_one_module_can_be_registered_together():
    module = two_names()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_tied_parametrization([(module, "weight"), (module, "other")], Symmetric())
    assert torch.equal(module.weight, module.other)
    remove_tied_parametrizations([(module, "weight"), (module, "other")])
    assert module.weight is module.other


def test_a_transfer_to_a_tied_module_keeps_the_source_s_value():
    module = Shared()
    parametrized(parametrize, [Double], module.a)
    value = module.a.weight
    parametrize.transfer_parametrizations_and_params(module.a, module.b)
    assert torch.equal(module.a.weight, value)
    assert torch.equal(module.b.weight, value)
