"""After a registration the optimizer trains what is there, and keeps what it knows."""

import copy
import pickle
import weakref

import pytest
import torch
from engine_layers import linear, parametrized
from engine_zoo import Double, Halves, RankOne, Returns, Shift, Symmetric
from torch import nn

import parametrize
from parametrize import register_parametrization, remove_parametrizations, update_optimizer

X = torch.linspace(-1, 1, 6).reshape(2, 3)
ORIGINALS = ["0.parametrizations.weight.original0", "0.parametrizations.weight.original1"]
OPTIMIZERS = [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad]


def model():
    return nn.Sequential(linear(), nn.Tanh(), linear())


def step(module, optimizer):
    optimizer.zero_grad()
    module(X).square().sum().backward()
    optimizer.step()


def names(optimizer, module):
    """Return the names of the parameters of each group."""
    known = {id(p): name for name, p in module.named_parameters()}
    return [[known[id(p)] for p in group["params"]] for group in optimizer.param_groups]


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("chain", [[Halves], [RankOne, Double], [Shift], [Halves, Shift]])
def test_an_updated_optimizer_steps_as_one_made_after_the_registration(make, chain):
    module = model()
    optimizer = make(module.parameters(), lr=0.1)
    parametrized(parametrize, chain, module[0])
    other = copy.deepcopy(module)
    update_optimizer(optimizer, module)
    fresh = make(other.parameters(), lr=0.1)
    for _ in range(2):
        step(module, optimizer)
        step(other, fresh)
    torch.testing.assert_close(module.state_dict(), other.state_dict())


def test_new_parameters_take_the_place_and_the_options_of_the_old_one():
    module = model()
    groups = [
        {"params": [module[2].weight, module[0].weight, module[0].bias], "lr": 0.5},
        {"params": [module[2].bias], "weight_decay": 0.1},
    ]
    optimizer = torch.optim.Adam(groups, lr=0.1)
    parametrized(parametrize, [Halves], module[0])
    update_optimizer(optimizer, module)
    assert names(optimizer, module) == [["2.weight", *ORIGINALS, "0.bias"], ["2.bias"]]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]


def test_the_state_of_what_stays_is_kept_and_of_what_is_gone_dropped():
    module = model()
    optimizer = torch.optim.Adam(module.parameters())
    step(module, optimizer)
    weight = module[0].weight
    bias_state = optimizer.state[module[0].bias]
    parametrized(parametrize, [Halves], module[0])
    update_optimizer(optimizer, module)
    assert weight not in optimizer.state
    assert optimizer.state[module[0].bias] is bias_state
    assert len(optimizer.state_dict()["state"]) == 3


def test_a_second_update_changes_nothing():
    module = model()
    optimizer = torch.optim.Adam(module.parameters())
    parametrized(parametrize, [Halves, Shift], module[0])
    once = names(update_optimizer(optimizer, module), module)
    assert names(update_optimizer(optimizer, module), module) == once


def test_a_single_original_keeps_its_state():
    module = model()
    optimizer = torch.optim.Adam(module.parameters())
    step(module, optimizer)
    before = dict(optimizer.state)
    parametrized(parametrize, [Symmetric], module[0])
    assert dict(update_optimizer(optimizer, module).state) == before


def test_removal_puts_the_plain_parameter_in_the_place_of_the_first_original():
    module = model()
    parametrized(parametrize, [Halves], module[0])
    optimizer = torch.optim.Adam(module.parameters())
    step(module, optimizer)
    remove_parametrizations(module[0], "weight")
    update_optimizer(optimizer, module)
    assert names(optimizer, module) == [["0.bias", "0.weight", "2.weight", "2.bias"]]


def test_several_changes_between_two_updates_are_followed():
    module = model()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    for function in (Halves(), RankOne(), Halves()):
        if parametrize.is_parametrized(module[0]):
            remove_parametrizations(module[0], "weight")
        register_parametrization(module[0], "weight", function)
    update_optimizer(optimizer, module)
    assert names(optimizer, module) == [[*ORIGINALS, "0.bias", "2.weight", "2.bias"]]


def test_a_transfer_is_followed():
    source, module = parametrized(parametrize, [Halves]), model()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    parametrize.transfer_parametrizations_and_params(source, module[0])
    update_optimizer(optimizer, module)
    assert names(optimizer, module) == [[*ORIGINALS, "0.bias", "2.weight", "2.bias"]]
    assert optimizer.param_groups[0]["params"][0] is source.parametrizations.weight.original0


def test_parameters_of_other_modules_stay():
    module, other = model(), parametrized(parametrize, [Double])
    optimizer = torch.optim.SGD([*other.parameters(), *module.parameters()], 0.1)
    register_parametrization(other, "bias", Halves())
    parametrized(parametrize, [Halves], module[0])
    before = optimizer.param_groups[0]["params"][:2]
    update_optimizer(optimizer, module)
    found = optimizer.param_groups[0]["params"]
    assert all(p is q for p, q in zip(found, before, strict=False))
    assert len(found) == 2 + 5


def test_names_in_the_groups_are_renewed():
    module = model()
    optimizer = torch.optim.SGD(module.named_parameters(), 0.1)
    parametrized(parametrize, [Halves], module[0])
    update_optimizer(optimizer, module)
    expected = [*ORIGINALS, "0.bias", "2.weight", "2.bias"]
    assert optimizer.param_groups[0]["param_names"] == expected


def test_a_rejected_registration_leaves_nothing_to_follow():
    module = model()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    before = names(optimizer, module)
    with pytest.raises(ValueError, match="must be a tensor"):
        register_parametrization(module[0], "weight", Returns(value=None, inverse=[torch.ones(1)]))
    assert names(update_optimizer(optimizer, module), module) == before


def test_an_optimizer_of_another_module_is_refused():
    optimizer = torch.optim.SGD(linear().parameters(), 0.1)
    with pytest.raises(ValueError, match="no parameter of Sequential"):
        update_optimizer(optimizer, model())


def test_an_optimizer_with_one_state_for_all_is_refused():
    module = model()
    with pytest.raises(TypeError, match="LBFGS"):
        update_optimizer(torch.optim.LBFGS(module.parameters()), module)


def test_what_was_replaced_is_not_kept_alive():
    module = linear()
    replaced = weakref.ref(module.weight)
    parametrized(parametrize, [Halves], module)
    assert replaced() is None
    replaced = weakref.ref(module.parametrizations.weight.original0)
    remove_parametrizations(module, "weight")
    assert replaced() is None


def test_what_was_replaced_can_be_copied_and_saved():
    module = linear()
    replaced = module.weight
    parametrized(parametrize, [Halves], module)
    assert torch.equal(pickle.loads(pickle.dumps(replaced)), replaced)  # noqa: S301 -- our own
    assert torch.equal(copy.deepcopy(replaced), replaced)


def test_an_update_after_a_conversion_that_swaps_tensors():
    module = model()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    parametrized(parametrize, [Halves], module[0])
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        module.double()
        module.load_state_dict(module.state_dict())
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
    update_optimizer(optimizer, module)
    assert names(optimizer, module) == [[*ORIGINALS, "0.bias", "2.weight", "2.bias"]]
