"""Where a change that fails is half made: is the engine right?"""

import torch
from engine_kinds import NeedsKeyword, Reluctant
from engine_layers import Holder, layer, linear, symmetric
from engine_outcome import defect, plain
from engine_zoo import HalfWritten, Halves, Returns, Symmetric
from torch import nn


def unchanged(module, action, *errors):
    """Whether `action` raises one of `errors` and leaves every tensor and name as it was."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    values = {name: t.detach().clone() for name, t in tensors.items()}
    before = type(module), [n for n, _ in module.named_modules()], list(tensors)
    try:
        action()
    except errors:
        after = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        same = all(after.get(n) is t and torch.equal(t, values[n]) for n, t in tensors.items())
        return same and before == (
            type(module),
            [n for n, _ in module.named_modules()],
            list(after),
        )
    return False


@defect
def a_rejected_registration_leaves_the_weight_alone(engine):
    module = linear()
    register = engine.register_parametrization
    function = Returns(inverse=torch.zeros(3, 3), value=torch.ones(2))
    return unchanged(module, lambda: register(module, "weight", function), ValueError)


@defect
def an_interrupted_registration_restores_the_function_too(engine):
    module, function = linear(), HalfWritten(KeyboardInterrupt())
    both = nn.ModuleList([module, function])
    register = engine.register_parametrization
    return unchanged(both, lambda: register(module, "weight", function), KeyboardInterrupt)


@defect
def a_rejected_later_registration_restores_the_function(engine):
    module, function = layer(engine), HalfWritten(IndexError())
    both = nn.ModuleList([module, function])
    register = engine.register_parametrization
    return unchanged(both, lambda: register(module, "weight", function), IndexError)


@defect
def a_class_that_refuses_subclasses_leaves_the_module_alone(engine):
    torch.manual_seed(0)
    module = nn.Linear(3, 3)
    module.__class__ = NeedsKeyword
    register = engine.register_parametrization
    return unchanged(module, lambda: register(module, "weight", Symmetric()), TypeError)


@defect
def a_module_that_refuses_the_attribute_is_left_alone(engine):
    module, register = Reluctant(3, 3), engine.register_parametrization
    return unchanged(module, lambda: register(module, "weight", Symmetric()), PermissionError)


@defect
def a_failed_assignment_in_a_chain_restores_the_functions_before_it(engine):
    module = layer(engine, HalfWritten(), HalfWritten())
    module.parametrizations.weight[0].error = KeyboardInterrupt()
    return unchanged(module, lambda: setattr(module, "weight", symmetric()), KeyboardInterrupt)


@defect
def a_failed_assignment_of_several_writes_none(engine):
    module = layer(engine, Halves())
    answer = [torch.ones(3, 3), torch.ones(3, 3, dtype=torch.float64)]
    module.parametrizations.weight[0].right_inverse = lambda _: answer
    return unchanged(module, lambda: setattr(module, "weight", torch.eye(3)), ValueError)


@defect
def an_assignment_of_another_shape_is_refused(engine):
    module = layer(engine)
    return unchanged(module, lambda: setattr(module, "weight", torch.ones(2)), ValueError)


@defect
def an_assignment_of_another_dtype_is_refused_where_the_inverse_casts(engine):
    module = layer(engine)
    module.parametrizations.weight[0].right_inverse = lambda x: x.float()
    value = torch.ones(3, 3, dtype=torch.float64)
    return unchanged(module, lambda: setattr(module, "weight", value), ValueError)


@defect
def a_loss_is_differentiable_after_a_rejected_registration(engine):
    module = linear()
    loss = module(torch.ones(1, 3, requires_grad=True)).square().sum()
    before = plain(Holder(w=module.weight))
    function = Returns(inverse=torch.zeros(3, 3), value=torch.ones(2))
    try:
        engine.register_parametrization(module, "weight", function)
    except ValueError:
        loss.backward()
    return before == plain(Holder(w=module.weight))
