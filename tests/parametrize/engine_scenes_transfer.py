"""Scenarios of transfer to another module and of calls with other tensors."""

import copy

import torch
from engine_layers import Holder, linear, parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Based, Double, Halves, NoInverse, Symmetric
from torch import nn


@scene
def transfer_to_a_plain_module(engine):
    source, target = parametrized(engine, [Symmetric, Double]), nn.Linear(3, 3)
    engine.register_parametrization(source, "bias", Double())
    result = engine.transfer_parametrizations_and_params(source, target)
    held = source.parametrizations.weight, target.parametrizations.weight
    shared = [held[0].original is held[1].original, held[0][0] is held[1][0]]
    return [target, result is target, shared, target.weight, target.bias]


@scene
def transfer_one_tensor_of_several_originals(engine):
    source, target = parametrized(engine, [Halves]), nn.Linear(3, 3)
    engine.transfer_parametrizations_and_params(source, target, "weight")
    return [target.weight, target.parametrizations.weight.original1, list(target.state_dict())]


@scene
def transfer_to_a_module_without_that_tensor(engine):
    target = nn.Module()
    engine.transfer_parametrizations_and_params(parametrized(engine, [Double]), target)
    return [target, target.weight]


@scene
def transfer_from_a_plain_module_does_nothing(engine):
    target = linear()
    return engine.transfer_parametrizations_and_params(linear(), target) is target


@scene
def transfer_of_an_unknown_name_is_refused(engine):
    source = parametrized(engine, [Double])
    return attempt(lambda: engine.transfer_parametrizations_and_params(source, linear(), "no"))


@scene
def a_base_point_survives_deepcopy_and_state_dict(engine):
    module = parametrized(engine, [Based])
    module.weight = symmetric()
    copied = copy.deepcopy(module)
    fresh = parametrized(engine, [Based])
    fresh.load_state_dict(module.state_dict())
    return [copied, fresh, copied.weight, fresh.weight]


@scene
def functional_call_on_the_original(engine):
    module = parametrized(engine, [Symmetric, NoInverse])
    replaced = {"parametrizations.weight.original": torch.ones(3, 3)}
    out = torch.func.functional_call(module, replaced, torch.ones(1, 3))
    return [out, module, module.weight]


@scene
def a_holder_of_many_kinds(engine):
    module = Holder(w=nn.Parameter(torch.ones(2)), b=torch.ones(2), c=torch.ones(2))
    parametrized(engine, [Double], module, "w")
    parametrized(engine, [Double], module, "c")
    return [module, engine.remove_parametrizations(module, "w")]
