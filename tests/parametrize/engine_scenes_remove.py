"""Scenarios of removal."""

from functools import partial

import torch
from engine_layers import CHAINS, Holder, linear, parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Cast, Double, Halves, Resize, Symmetric


def _removal(name, *, leave_parametrized):
    def scenario(engine):
        torch.manual_seed(0)
        module = parametrized(engine, CHAINS[name])
        original = getattr(module.parametrizations.weight, "original", None)
        outcome = attempt(
            lambda: engine.remove_parametrizations(module, "weight", leave_parametrized)
        )
        return [outcome, module, module.weight, module.weight is original]

    scenario.__name__ = f"remove_{name}_{'value' if leave_parametrized else 'original'}"
    return scene(scenario)


for _name in CHAINS:
    for _flag in (False, True):
        _removal(_name, leave_parametrized=_flag)


@scene
def remove_one_of_two_tensors(engine):
    module = parametrized(engine, [Symmetric])
    engine.register_parametrization(module, "bias", Double())
    kept = type(module)
    engine.remove_parametrizations(module, "weight")
    before = [module, type(module) is kept, "weight" in vars(kept), "bias" in vars(kept)]
    engine.remove_parametrizations(module, "bias", leave_parametrized=False)
    return [before, module, type(module)]


@scene
def remove_what_is_not_parametrized(engine):
    module = parametrized(engine, [Double])
    return [
        attempt(partial(engine.remove_parametrizations, module, name)) for name in ("bias", "x")
    ]


@scene
def remove_from_a_plain_module(engine):
    return attempt(lambda: engine.remove_parametrizations(linear(), "weight"))


@scene
def remove_a_resized_tensor(engine):
    module = parametrized(engine, [Resize], unsafe=True)
    return engine.remove_parametrizations(module, "weight")


@scene
def remove_a_cast_tensor_is_refused(engine):
    module = parametrized(engine, [Cast], unsafe=True)
    outcome = attempt(lambda: engine.remove_parametrizations(module, "weight"))
    return [
        outcome,
        module,
        engine.remove_parametrizations(module, "weight", leave_parametrized=False),
    ]


@scene
def remove_keeps_a_frozen_parameter_frozen(engine):
    module = parametrized(engine, [Double], linear().requires_grad_(requires_grad=False))
    return engine.remove_parametrizations(module, "weight")


@scene
def remove_from_a_buffer(engine):
    module = parametrized(engine, [Double], Holder(b=torch.ones(2)), "b")
    return engine.remove_parametrizations(module, "b")


@scene
def remove_from_a_buffer_of_several(engine):
    module = parametrized(engine, [Halves], Holder(b=torch.ones(2)), "b")
    return engine.remove_parametrizations(module, "b")


@scene
def register_again_after_removal(engine):
    module = engine.remove_parametrizations(parametrized(engine, [Double]), "weight")
    return parametrized(engine, [Symmetric, Double], module)


@scene
def removal_returns_the_module_it_was_given(engine):
    module = parametrized(engine, [Double])
    return engine.remove_parametrizations(module, "weight") is module


@scene
def the_optimizer_goes_on_through_registration_assignment_and_removal(engine):
    module = linear()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    x = torch.ones(2, 3)

    def step():
        optimizer.zero_grad()
        module(x).square().sum().backward()
        optimizer.step()
        return module.weight

    seen = [step(), parametrized(engine, [Symmetric], module) and step()]
    module.weight = symmetric()
    seen += [step(), engine.remove_parametrizations(module, "weight") and step()]
    return [seen, module, optimizer.state_dict()]
