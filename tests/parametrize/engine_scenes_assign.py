"""Scenarios of assignment, removal and transfer."""

from functools import partial

import torch
from engine_outcome import attempt, scene
from engine_zoo import (
    Based,
    Cast,
    Double,
    Halves,
    Holder,
    NoInverse,
    RankOne,
    Resize,
    Returns,
    Shift,
    Single,
    Symmetric,
    UnwrittenInverse,
    linear,
    symmetric,
)

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


def _assignment(name, *, grad):
    def scenario(engine):
        torch.manual_seed(0)
        module = parametrized(engine, CHAINS[name])
        before = list(module.parameters())
        with torch.set_grad_enabled(grad):
            outcome = attempt(lambda: setattr(module, "weight", symmetric()))
        same = [a is b for a, b in zip(before, module.parameters(), strict=True)]
        return [outcome, module, module.weight, same]

    scenario.__name__ = f"assign_{name}_{'with' if grad else 'without'}_grad"
    return scene(scenario)


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
        _assignment(_name, grad=_flag)
        _removal(_name, leave_parametrized=_flag)

REFUSED = {
    "a_number": (Double, 1.0),
    "none": (Double, None),
    "another_dtype": (Double, torch.eye(3, dtype=torch.float64)),
    "an_inverse_of_none": (lambda: Returns(inverse=None), torch.eye(3)),
}
LATER = {
    "an_inverse_of_none": None,
    "an_inverse_of_a_sequence": [torch.ones(3, 3)],
    "an_inverse_of_other_dtype": torch.ones(3, 3, dtype=torch.float64),
}
LATER_SEVERAL = {
    "none": None,
    "a_tensor": 5,
    "too_many": [torch.ones(3, 3)] * 3,
    "too_few": [torch.ones(3, 3)],
    "numbers": [1, 2],
    "other_dtype": [torch.ones(3, 3, dtype=torch.float64)] * 2,
}


def _refusal(name):
    def scenario(engine):
        function, value = REFUSED[name]
        module = linear()
        engine.register_parametrization(module, "weight", Double())
        module.parametrizations.weight[0].right_inverse = function().right_inverse
        return [attempt(lambda: setattr(module, "weight", value)), module]

    scenario.__name__ = f"assign_{name}_is_refused"
    return scene(scenario)


def _later(name, function, answer):
    def scenario(engine):
        module = linear()
        engine.register_parametrization(module, "weight", function())
        module.parametrizations.weight[0].right_inverse = lambda _: answer
        return [attempt(lambda: setattr(module, "weight", torch.eye(3))), module]

    scenario.__name__ = f"assign_later_{function.__name__}_{name}"
    return scene(scenario)


for _name in REFUSED:
    _refusal(_name)
for _name, _answer in LATER.items():
    _later(_name, Double, _answer)
for _name, _answer in LATER_SEVERAL.items():
    _later(_name, Halves, _answer)


@scene
def assign_a_tensor_that_requires_grad(engine):
    module = parametrized(engine, [Double])
    module.weight = torch.eye(3).requires_grad_()
    return [module, module.weight]


@scene
def assign_to_a_buffer(engine):
    module = parametrized(engine, [Double], Holder(b=torch.ones(2)), "b")
    module.b = torch.tensor([3.0, 4.0])
    return [module, module.b]


@scene
def assign_to_a_resized_tensor(engine):
    module = parametrized(engine, [Resize], unsafe=True)
    module.weight = torch.ones(2, 3)
    return [module, module.weight]


@scene
def assign_after_conversion_to_double(engine):
    module = parametrized(engine, [Symmetric]).double()
    module.weight = torch.eye(3, dtype=torch.float64)
    return [module, attempt(lambda: setattr(module, "weight", torch.eye(3)))]


@scene
def assign_stores_a_base_point_in_a_buffer(engine):
    module = parametrized(engine, [Based])
    module.weight = symmetric()
    return [module, module.weight]


@scene
def assignment_leaves_earlier_views_of_the_original_alone(engine):
    module = parametrized(engine, [Double])
    view = module.parametrizations.weight.original.detach()
    module.weight = torch.eye(3)
    return view


@scene
def delete_the_parametrized_attribute(engine):
    module = parametrized(engine, [Double])
    return [attempt(lambda: delattr(module, "weight")), module]


@scene
def call_the_right_inverse_of_the_list(engine):
    module = parametrized(engine, [Symmetric, Double])
    return [module.parametrizations.weight.right_inverse(symmetric()), module.weight]


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
