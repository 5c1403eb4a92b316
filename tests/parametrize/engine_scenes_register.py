"""Scenarios of registration: what it stores, what it accepts, what it refuses."""

import torch
from engine_layers import Holder, linear
from engine_outcome import attempt, scene
from engine_zoo import (
    Cast,
    Counting,
    Double,
    Halves,
    NoInverse,
    Parts,
    Raises,
    RankOne,
    Resize,
    Returns,
    Shift,
    Single,
    Symmetric,
    UnwrittenInverse,
)
from torch import nn

REGISTERED = {
    "one_tensor": lambda: (linear(), "weight", [Symmetric()]),
    "the_bias": lambda: (linear(), "bias", [Double()]),
    "without_right_inverse": lambda: (linear(), "weight", [NoInverse()]),
    "with_unwritten_right_inverse": lambda: (linear(), "weight", [UnwrittenInverse()]),
    "several_tensors": lambda: (linear(), "weight", [RankOne()]),
    "a_sequence_of_one": lambda: (linear(), "weight", [Single()]),
    "an_empty_sequence": lambda: (linear(), "weight", [Returns(inverse=[], value=torch.eye(3))]),
    "own_parameters_and_buffers": lambda: (linear(), "weight", [Shift()]),
    "a_chain": lambda: (linear(), "weight", [Symmetric(), Double(), NoInverse()]),
    "a_chain_on_several_tensors": lambda: (linear(), "weight", [Halves(), Double(), Symmetric()]),
    "the_same_function_twice": lambda: (linear(), "weight", [Double()] * 2),
    "a_lambda_like_builtin_module": lambda: (linear(), "weight", [nn.Tanh()]),
    "a_float_buffer": lambda: (Holder(b=torch.ones(2)), "b", [Double()]),
    "a_buffer_as_several": lambda: (Holder(b=torch.ones(2)), "b", [Halves()]),
    "an_integer_buffer": lambda: (Holder(b=torch.arange(3)), "b", [Returns()]),
    "a_complex_parameter": lambda: (
        Holder(w=nn.Parameter(torch.ones(2, dtype=torch.cfloat))),
        "w",
        [Double()],
    ),
    "a_frozen_complex_as_parts": lambda: (
        Holder(w=nn.Parameter(torch.ones(2, dtype=torch.cfloat), requires_grad=False)),
        "w",
        [Parts()],
    ),
    "a_frozen_parameter": lambda: (
        linear().requires_grad_(requires_grad=False),
        "weight",
        [Symmetric()],
    ),
    "a_frozen_parameter_as_several": lambda: (
        linear().requires_grad_(requires_grad=False),
        "weight",
        [Halves()],
    ),
    "an_integer_parameter": lambda: (
        Holder(w=nn.Parameter(torch.arange(3), requires_grad=False)),
        "w",
        [Returns()],
    ),
    "in_evaluation_mode": lambda: (linear().eval(), "weight", [nn.Sequential(Double())]),
    "a_scalar": lambda: (Holder(w=nn.Parameter(torch.tensor(2.0))), "w", [Double()]),
    "an_empty_tensor": lambda: (Holder(w=nn.Parameter(torch.ones(0, 3))), "w", [Double()]),
    "float64": lambda: (linear().double(), "weight", [Symmetric()]),
    "bfloat16": lambda: (linear().bfloat16(), "weight", [Double()]),
    "on_the_meta_device": lambda: (linear(device="meta"), "weight", [Symmetric()]),
    "on_meta_as_several": lambda: (linear(device="meta"), "weight", [Halves()]),
    "a_convolution": lambda: (nn.Conv2d(2, 2, 1, bias=False), "weight", [Double()]),
    "a_recurrent_layer": lambda: (nn.GRUCell(2, 2), "weight_hh", [Double()]),
    "a_batch_norm_buffer": lambda: (nn.BatchNorm1d(2), "running_mean", [Double()]),
    "a_counter_of_calls": lambda: (linear(), "weight", [Counting()]),
    # refused
    "a_bias_that_is_none": lambda: (linear(bias=False), "bias", [Double()]),
    "an_unknown_name": lambda: (linear(), "wieght", [Double()]),
    "a_name_that_is_no_tensor": lambda: (linear(), "in_features", [Double()]),
    "what_is_no_module": lambda: (linear(), "weight", [lambda x: x]),
    "none_as_value": lambda: (linear(), "weight", [Returns(value=None)]),
    "none_as_second_value": lambda: (linear(), "weight", [Double(), Returns(value=None)]),
    "another_shape": lambda: (linear(), "weight", [Returns(value=torch.ones(2))]),
    "another_shape_second": lambda: (linear(), "weight", [Double(), Returns(value=torch.ones(2))]),
    "another_dtype": lambda: (linear(), "weight", [Cast(torch.float64)]),
    "another_dtype_second": lambda: (linear(), "weight", [Double(), Cast(torch.float64)]),
    "an_inverse_of_other_dtype": lambda: (linear(), "weight", [Cast(torch.float32, torch.float64)]),
    "a_second_inverse_of_other_dtype": lambda: (
        linear(),
        "weight",
        [Double(), Cast(torch.float32, torch.float64)],
    ),
    "an_inverse_on_other_device": lambda: (
        linear(),
        "weight",
        [Returns(inverse=torch.ones(3, 3, device="meta"))],
    ),
    "a_second_inverse_of_other_shape": lambda: (
        linear(),
        "weight",
        [Double(), Returns(inverse=torch.ones(2))],
    ),
    "a_second_inverse_of_several": lambda: (linear(), "weight", [Double(), Halves()]),
    "an_inverse_of_none": lambda: (linear(), "weight", [Returns(inverse=None)]),
    "an_inverse_of_a_number": lambda: (linear(), "weight", [Returns(inverse=1.0)]),
    "an_inverse_of_a_string": lambda: (linear(), "weight", [Returns(inverse="ab")]),
    "an_inverse_of_numbers": lambda: (linear(), "weight", [Returns(inverse=[torch.ones(3, 3), 1])]),
    "an_inverse_as_a_set": lambda: (linear(), "weight", [Returns(inverse={1})]),
    "an_integer_among_several": lambda: (
        linear(),
        "weight",
        [Returns(inverse=[torch.ones(3, 3), torch.arange(2)])],
    ),
    "an_error_in_forward": lambda: (linear(), "weight", [Raises(forward=IndexError())]),
    "an_error_in_the_inverse": lambda: (linear(), "weight", [Raises(inverse=IndexError())]),
    "an_error_in_a_second_inverse": lambda: (
        linear(),
        "weight",
        [Double(), Raises(inverse=IndexError())],
    ),
}


def _registration(name, *, unsafe):
    def scenario(engine):
        torch.manual_seed(0)
        module, tensor, functions = REGISTERED[name]()
        before = module._parameters.get(tensor)
        outcomes = []
        for function in functions:
            outcomes += [
                attempt(
                    lambda f=function: engine.register_parametrization(
                        module, tensor, f, unsafe=unsafe
                    )
                )
            ]
        held = attempt(lambda: type(module.parametrizations[tensor]))
        facts = [held, engine.is_parametrized(module), engine.is_parametrized(module, tensor)]
        if engine.is_parametrized(module, tensor):
            # a refused registration overwrites on torch's engine: an expected difference
            outcomes += [attempt(lambda: getattr(module, tensor)), module.extra_repr()]
            original = getattr(module.parametrizations[tensor], "original", None)
            facts += [original is before, module.parametrizations[tensor].unsafe]
        else:
            facts += [type(module), list(dict(module.named_parameters()))]
        return [outcomes, facts, [getattr(f, "training", None) for f in functions]]

    scenario.__name__ = f"register_{name}{'_unsafe' if unsafe else ''}"
    return scene(scenario)


for _name in REGISTERED:
    for _unsafe in (False, True):
        _registration(_name, unsafe=_unsafe)


@scene
def register_two_tensors_of_a_module(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Symmetric())
    first = type(module)
    engine.register_parametrization(module, "bias", Double())
    return [module, module.weight, module.bias, type(module) is first]


@scene
def register_resizing_unsafe_and_read(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Resize(), unsafe=True)
    safe_after = attempt(lambda: engine.register_parametrization(module, "weight", Double()))
    return [module, module.weight, safe_after, module.parametrizations.weight.unsafe]


@scene
def register_keeps_the_gradient_and_its_object(engine):
    module = linear()
    module(torch.ones(1, 3)).sum().backward()
    gradient = module.weight.grad
    engine.register_parametrization(module, "weight", Double())
    original = module.parametrizations.weight.original
    return [original.grad is gradient, original.grad]


@scene
def a_list_without_functions_is_refused(engine):
    return attempt(lambda: engine.ParametrizationList([], torch.ones(2)))


@scene
def a_list_is_built_directly(engine):
    held = engine.ParametrizationList([Symmetric()], nn.Parameter(torch.ones(2, 2)))
    return [held, held(), held.is_tensor, held.ntensors, held.unsafe, len(held)]
