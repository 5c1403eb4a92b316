"""Where a change is aliased, misplaced or misreported: is the engine right?"""

import copy
import warnings

import torch
from engine_kinds import namesake_class
from engine_layers import layer, linear, symmetric
from engine_outcome import defect
from engine_zoo import Based, Double, Halves, Raises, Returns, Symmetric
from torch import nn


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
def a_module_with_a_namesake_does_not_change_its_class(engine):
    kind = namesake_class()
    engine.register_parametrization(kind(), "weight", Double())
    return isinstance(kind().weight, nn.Parameter)


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
def a_lazy_layer_does_not_lose_a_parametrization(engine):
    module = nn.LazyLinear(3)
    module.scale = nn.Parameter(torch.ones(3))
    try:
        engine.register_parametrization(module, "scale", Double())
    except RuntimeError:
        return True
    module(torch.ones(1, 2))
    return engine.is_parametrized(module, "scale") and module.scale.shape == (3,)


@defect
def a_recurrent_layer_can_be_copied_after_a_forward(engine):
    module = nn.GRU(3, 3)
    engine.register_parametrization(module, "weight_hh_l0", Double())
    expected = module(torch.ones(1, 3))[0]
    return torch.equal(copy.deepcopy(module)(torch.ones(1, 3))[0], expected)


@defect
def a_tied_name_that_keeps_the_original_is_told(engine):
    module = linear()
    module.other = module.weight
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        engine.register_parametrization(module, "weight", Symmetric())
    return any("tied" in str(warning.message) for warning in told)


@defect
def a_transfer_to_a_tied_module_keeps_the_source_s_value(engine):
    source, target = linear(), linear()
    target.weight = source.weight
    engine.register_parametrization(source, "weight", Double())
    value = source.weight
    engine.transfer_parametrizations_and_params(source, target)
    return torch.equal(source.weight, value)


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
