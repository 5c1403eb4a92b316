"""Scenarios of use: checkpoints, hooks, modes, gradients, caching."""

import torch
from engine_layers import linear, parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Counting, Double, Halves, Raises, Shift, Symmetric


@scene
def state_dict_into_a_fresh_module(engine):
    source, target = (
        parametrized(engine, [Symmetric, Shift]),
        linear().requires_grad_(requires_grad=False),
    )
    source.weight = symmetric()
    parametrized(engine, [Symmetric, Shift], target)
    return [target.load_state_dict(source.state_dict()), target, target.weight]


@scene
def state_dict_of_a_plain_module_is_not_accepted(engine):
    return attempt(lambda: parametrized(engine, [Double]).load_state_dict(linear().state_dict()))


@scene
def state_dict_assigned(engine):
    module = parametrized(engine, [Double])
    state = {k: v + 1 for k, v in module.state_dict().items()}
    return [module.load_state_dict(state, assign=True), module, module.weight]


@scene
def hooks_on_the_module_and_on_the_list(engine):
    module, seen = parametrized(engine, [Double]), []
    module.register_forward_hook(lambda *args: seen.append(args[-1]))
    held = module.parametrizations.weight
    held.register_forward_hook(lambda *args: seen.append("list") or args[-1] + 1)
    held[0].register_forward_pre_hook(lambda *_: seen.append("function"))
    return [module(torch.ones(1, 3)), seen, module.weight]


@scene
def a_state_dict_hook_sees_the_original(engine):
    module, seen = parametrized(engine, [Double]), []
    module.register_state_dict_post_hook(lambda *args: seen.append(list(args[1])))
    return [module.state_dict(), seen]


@scene
def a_parametrization_of_the_original(engine):
    module = parametrized(engine, [Symmetric])
    parametrized(engine, [Double], module.parametrizations.weight, "original")
    held = module.parametrizations.weight
    facts = [held.original, module.weight, type(held), module.state_dict()]
    engine.remove_parametrizations(held, "original", leave_parametrized=False)
    return [facts, module]


@scene
def training_mode_reaches_the_functions_later_too(engine):
    module = parametrized(engine, [Double, Shift]).eval()
    return [module.parametrizations.weight[0].training, module.train()]


@scene
def conversion_device_and_zero_grad(engine):
    module = parametrized(engine, [Shift])
    module(torch.ones(1, 3)).sum().backward()
    module.zero_grad()
    return [module.to(torch.float64), module.weight, module.to("meta")]


@scene
def gradients_reach_originals_and_own_parameters(engine):
    module = parametrized(engine, [Halves, Shift, Symmetric])
    module(torch.ones(1, 3)).square().sum().backward()
    return [p.grad for p in module.parameters()]


@scene
def freezing_after_registration(engine):
    module = parametrized(engine, [Double]).requires_grad_(requires_grad=False)
    return [module, module.weight, engine.remove_parametrizations(module, "weight")]


@scene
def cached_values_are_one_object(engine):
    module = parametrized(engine, [Counting])
    calls = module.parametrizations.weight[0].calls
    with engine.cached():
        one, two = module.weight, module.weight
        with engine.cached():
            three = module.weight
        four = module.weight
    five = module.weight
    return [one is two, one is three, one is four, one is five, calls]


@scene
def cached_as_a_decorator_and_after_an_exception(engine):
    module = parametrized(engine, [Counting])

    @engine.cached()
    def fails():
        raise IndexError(module.weight + module.weight)

    return [attempt(fails), module.weight is module.weight, module.parametrizations.weight[0].calls]


@scene
def cached_gradients_are_those_of_every_use(engine):
    module = parametrized(engine, [Symmetric])
    with engine.cached():
        module(module(module(torch.ones(1, 3)))).sum().backward()
    return [p.grad for p in module.parameters()]


@scene
def an_error_in_the_forward_is_seen_when_reading(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Raises(forward=KeyError()), unsafe=True)
    return [attempt(lambda: module.weight), attempt(lambda: module(torch.ones(1, 3)))]


@scene
def an_attribute_error_in_the_forward_is_one(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Raises(forward=AttributeError()), unsafe=True)
    return [
        attempt(lambda: module.weight),
        hasattr(module, "weight"),
        attempt(lambda: module.other),
    ]
