"""Scenarios of assignment."""

import torch
from engine_layers import CHAINS, Holder, linear, parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Based, Double, Halves, Resize, Returns, Symmetric


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


for _name in CHAINS:
    for _flag in (False, True):
        _assignment(_name, grad=_flag)


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
def assign_in_place_of_what_was_read(engine):
    module = parametrized(engine, [Double])
    module.weight += 1
    one = module.weight
    with torch.no_grad():
        module.weight *= 2
    return [one, module.weight, module.weight]
