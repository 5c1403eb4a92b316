"""Where a change is half made, aliased or misreported: each scenario returns whether it is not."""

import copy

import torch
from engine_defects_cache import layer
from engine_outcome import defect, plain
from engine_zoo import Based, Double, Halves, Holder, Raises, Returns, Symmetric, linear, symmetric
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


class HalfWritten(nn.Module):
    """Writes its buffer and a new one in the right inverse, and then fails if told to."""

    def __init__(self, error=None):
        super().__init__()
        self.register_buffer("base", torch.zeros(3, 3))
        self.error = error

    def forward(self, x):
        return self.base + x

    def right_inverse(self, x):
        self.base.copy_(x)
        self.register_buffer("late", x.clone(), persistent=False)
        if self.error is not None:
            raise self.error
        return torch.zeros_like(x)


class KeywordNeeded(nn.Linear):
    def __init_subclass__(cls, *, keyword, **options):
        super().__init_subclass__(**options)


class Reluctant(nn.Linear):
    def __setattr__(self, name, value):
        if name == "parametrizations":
            raise PermissionError(name)
        super().__setattr__(name, value)


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
    module.__class__ = KeywordNeeded
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
def an_assigned_tensor_is_copied(engine):
    module, value = layer(engine, Returns()), torch.ones(3, 3)
    module.weight = value
    value.zero_()
    return module.weight.ne(0).all()


@defect
def an_assigned_slice_does_not_keep_its_storage(engine):
    module = layer(engine, Returns())
    module.weight = torch.ones(1000, 3)[:3]
    return module.parametrizations.weight.original.untyped_storage().nbytes() == 3 * 3 * 4


@defect
def registered_originals_do_not_share_memory(engine):
    module, shared = linear(), torch.ones(3, 3)
    engine.register_parametrization(module, "weight", Returns(inverse=[shared, shared]))
    with torch.no_grad():
        module.parametrizations.weight.original0.zero_()
    return module.parametrizations.weight.original1.ne(0).all()


@defect
def a_parameter_can_be_assigned(engine):
    module = layer(engine)
    original = module.parametrizations.weight.original
    module.weight = nn.Parameter(torch.eye(3))
    kept = module.parametrizations.weight.original is original
    return kept and torch.equal(module.weight, torch.eye(3))


@defect
def a_frozen_parameter_of_several_comes_back_as_one(engine):
    module = layer(engine, Halves()).requires_grad_(requires_grad=False)
    engine.remove_parametrizations(module, "weight")
    return isinstance(module.weight, nn.Parameter) and not module.weight.requires_grad


@defect
def a_trained_parameter_of_several_comes_back_under_no_grad(engine):
    module = layer(engine, Halves())
    with torch.no_grad():
        engine.remove_parametrizations(module, "weight")
    return isinstance(module.weight, nn.Parameter) and module.weight.requires_grad


@defect
def an_attribute_error_names_its_cause(engine):
    module, cause = linear(), AttributeError("typo")
    register = engine.register_parametrization
    register(module, "weight", Raises(forward=cause), unsafe=True)
    try:
        return module.weight is None
    except AttributeError as error:
        return error.__cause__ is cause and "typo" in str(error)


@defect
def removal_from_the_original_leaves_a_copy_parametrized(engine):
    module = layer(engine)
    copied = copy.deepcopy(module)
    engine.remove_parametrizations(module, "weight")
    return copied.weight.shape == (3, 3)


@defect
def registration_on_a_copy_leaves_the_original_alone(engine):
    module = layer(engine)
    engine.register_parametrization(copy.deepcopy(module), "bias", Double())
    return module.bias.shape == (3,)


@defect
def a_parametrized_original_can_be_assigned_through(engine):
    module = layer(engine, Symmetric())
    engine.register_parametrization(module.parametrizations.weight, "original", Double())
    module.weight = symmetric()
    return torch.equal(module.weight, symmetric())


@defect
def a_function_is_appended_after_the_original_is_parametrized(engine):
    module = layer(engine, Symmetric())
    engine.register_parametrization(module.parametrizations.weight, "original", Double())
    before = module.weight
    engine.register_parametrization(module, "weight", Double())
    return torch.equal(module.weight, 2 * before)


@defect
def removal_over_a_parametrized_original_gives_a_parameter(engine):
    module = layer(engine, Symmetric())
    engine.register_parametrization(module.parametrizations.weight, "original", Double())
    value = module.weight
    engine.remove_parametrizations(module, "weight")
    return isinstance(module.weight, nn.Parameter) and torch.equal(module.weight, value)


@defect
def a_transfer_keeps_the_source_s_base_point(engine):
    source, target = layer(engine, Based()), nn.Linear(3, 3)
    before = source.weight
    engine.transfer_parametrizations_and_params(source, target)
    return torch.equal(source.weight, before) and torch.equal(target.weight, before)


@defect
def functional_call_with_the_value_differentiates_it(engine):
    module, x = layer(engine, Symmetric()), torch.ones(1, 3)
    value = symmetric().requires_grad_()
    torch.func.functional_call(module, {"weight": value}, x).sum().backward()
    return value.grad is not None


@defect
def functional_call_with_the_value_leaves_the_original_s_memory(engine):
    module, x = layer(engine, Symmetric()), torch.ones(1, 3)
    address = module.parametrizations.weight.original.data_ptr()
    torch.func.functional_call(module, {"weight": symmetric()}, x)
    return module.parametrizations.weight.original.data_ptr() == address


@defect
def a_buffer_that_is_not_saved_stays_so(engine):
    module = nn.Module()
    module.register_buffer("b", torch.ones(2), persistent=False)
    engine.register_parametrization(module, "b", Double())
    inside = list(module.state_dict())
    engine.remove_parametrizations(module, "b")
    return inside == list(module.state_dict()) == []


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
