"""Where a cached value is out of date: is the engine right?"""

import warnings

import torch
from engine_layers import layer, symmetric
from engine_outcome import defect
from engine_zoo import NoInverse, Shift, Symmetric
from torch import nn


def is_current(module):
    """Whether the weight that is read is the weight that would be computed."""
    return torch.equal(module.weight, module.parametrizations.weight())


@defect
def an_optimizer_step_changes_the_value(engine):
    module = layer(engine)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    with engine.cached():
        module.weight.sum().backward()
        optimizer.step()
        return is_current(module)


@defect
def an_assignment_changes_the_value(engine):
    module = layer(engine, Symmetric())
    with engine.cached():
        _ = module.weight
        module.weight = symmetric()
        return torch.equal(module.weight, symmetric())


@defect
def loading_a_checkpoint_changes_the_value(engine):
    module = layer(engine)
    with engine.cached():
        _ = module.weight
        module.load_state_dict({k: v + 1 for k, v in module.state_dict().items()})
        return is_current(module)


@defect
def a_further_registration_changes_the_value(engine):
    module = layer(engine)
    with engine.cached():
        _ = module.weight
        engine.register_parametrization(module, "weight", NoInverse())
        return is_current(module)


@defect
def removal_bakes_in_the_value_and_not_an_old_one(engine):
    module = layer(engine)
    with engine.cached():
        _ = module.weight
        with torch.no_grad():
            module.parametrizations.weight.original.fill_(1)
        engine.remove_parametrizations(module, "weight")
    return torch.equal(module.weight, torch.full((3, 3), 2.0))


@defect
def conversion_changes_the_value(engine):
    module = layer(engine)
    with engine.cached():
        _ = module.weight
        return module.double().weight.dtype == torch.float64


@defect
def new_memory_changes_the_value(engine):
    module = layer(engine)
    with engine.cached():
        _ = module.weight
        module.parametrizations.weight.original.data = torch.ones(3, 3)
        return is_current(module)


@defect
def unfreezing_changes_the_value(engine):
    module = layer(engine).requires_grad_(requires_grad=False)
    with engine.cached():
        _ = module.weight
        return module.requires_grad_().weight.requires_grad


@defect
def a_function_s_own_buffer_changes_the_value(engine):
    module = layer(engine, Shift())
    with engine.cached():
        _ = module.weight
        module.parametrizations.weight[0].offset.add_(1)
        return is_current(module)


@defect
def a_function_s_attribute_changes_the_value(engine):
    module = layer(engine, nn.Softplus(beta=1))
    with engine.cached():
        _ = module.weight
        module.parametrizations.weight[0].beta = 2
        return is_current(module)


@defect
def a_write_into_the_value_does_not_become_the_value(engine):
    module = layer(engine)
    with engine.cached(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.init.zeros_(module.weight)
        return is_current(module)


@defect
def a_write_in_inference_mode_changes_the_value(engine):
    with torch.inference_mode():
        module = layer(engine)
        with engine.cached():
            _ = module.weight
            module.parametrizations.weight.original.add_(1)
            return is_current(module)
