"""Scenarios of other parts of torch that meet a parametrized module."""

import copy

import torch
from engine_layers import linear, parametrized, symmetric
from engine_outcome import attempt, scene
from engine_zoo import Double, Halves, Shift, Symmetric
from torch import nn
from torch.nn.utils import parametrizations, parametrize
from torch.optim.swa_utils import AveragedModel
from torch.utils.checkpoint import checkpoint

X = torch.linspace(-1, 1, 6).reshape(2, 3)
ORIGINAL = "parametrizations.weight.original"


def _functions_of(register):
    """Return the functions that one of torch's own ready-made parametrizations consists of."""
    module = register(linear(), "weight")
    return list(module.parametrizations.weight)


READY = {
    "spectral_norm": parametrizations.spectral_norm,
    "weight_norm": parametrizations.weight_norm,
    "orthogonal_householder": lambda m, n: parametrizations.orthogonal(m, n, "householder"),
    "orthogonal_cayley": lambda m, n: parametrizations.orthogonal(m, n, "cayley"),
    "orthogonal_exponential": lambda m, n: parametrizations.orthogonal(m, n, "matrix_exp"),
}


def _ready(name):
    def scenario(engine):
        torch.manual_seed(0)
        module = linear()
        for function in _functions_of(READY[name]):
            engine.register_parametrization(module, "weight", function)
        optimizer = torch.optim.Adam(module.parameters(), 0.1)
        for _ in range(3):
            optimizer.zero_grad()
            module(X).square().sum().backward()
            optimizer.step()
        copied = copy.deepcopy(module.eval())
        assigned = attempt(lambda: setattr(module, "weight", torch.eye(3)))
        value = module.weight
        return [copied, copied.weight, assigned, value, module(X)]

    scenario.__name__ = f"torch_s_own_{name}"
    return scene(scenario)


for _name in READY:
    _ready(_name)


@scene
def an_averaged_model(engine):
    module = parametrized(engine, [Symmetric])
    averaged = AveragedModel(module)
    module.weight = symmetric()
    averaged.update_parameters(module)
    return [averaged, averaged(X), averaged.module.weight]


@scene
def gradients_by_torch_func(engine):
    module = parametrized(engine, [Symmetric, Shift])
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}

    def loss(tensors):
        return torch.func.functional_call(module, tensors, X).square().sum()

    return [torch.func.grad(loss)(tensors), torch.func.jvp(loss, (tensors,), (tensors,)), module]


@scene
def an_ensemble_by_vmap(engine):
    module = parametrized(engine, [Symmetric])
    originals = torch.arange(18.0).reshape(2, 3, 3)

    def call(original):
        with engine.cached():
            return torch.func.functional_call(module, {ORIGINAL: original}, X)

    return torch.func.vmap(call)(originals)


@scene
def stacking_two_modules_is_refused(engine):
    modules = [parametrized(engine, [Double]), parametrized(engine, [Double])]
    return attempt(lambda: torch.func.stack_module_state(modules))


@scene
def activation_checkpointing(engine):
    module = parametrized(engine, [Symmetric])

    def region(x):
        with engine.cached():
            return module(module(x).tanh())

    checkpoint(region, X, use_reentrant=False).sum().backward()
    checkpoint(region, X.clone().requires_grad_(), use_reentrant=True).sum().backward()
    return [p.grad for p in module.parameters()]


@scene
def autocast(engine):
    module = parametrized(engine, [Symmetric])
    with torch.autocast("cpu", torch.bfloat16), engine.cached():
        outputs = module(X), module(X)
    return [*outputs, module.weight]


@scene
def second_derivatives(engine):
    module = parametrized(engine, [Symmetric, Shift])
    with engine.cached():
        loss = module(module(X)).pow(3).sum()
        first = torch.autograd.grad(loss, list(module.parameters()), create_graph=True)
        return torch.autograd.grad(sum(g.square().sum() for g in first), list(module.parameters()))


@scene
def swapping_instead_of_setting(engine):
    module = linear()
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        parametrized(engine, [Symmetric], module)
        original = module.parametrizations.weight.original
        module.weight = symmetric()
        kept = module.parametrizations.weight.original is original
        return [module, kept, engine.remove_parametrizations(module.double(), "weight")]
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


@scene
def a_lazy_parameter_is_refused(engine):
    module = nn.LazyLinear(3)
    outcome = attempt(lambda: engine.register_parametrization(module, "weight", Double()))
    return [outcome, "weight" in module._parameters, type(module)]


@scene
def registered_here_and_removed_by_torch(engine):
    module = parametrized(engine, [Symmetric, Double])
    value, known = module.weight, parametrize.is_parametrized(module, "weight")
    parametrize.remove_parametrizations(module, "weight")
    return [known, module, torch.equal(module.weight, value)]


@scene
def registered_by_torch_and_continued_here(engine):
    module = parametrized(parametrize, [Symmetric])
    engine.register_parametrization(module, "weight", Double())
    engine.register_parametrization(module, "bias", Halves())
    value = module.weight
    engine.remove_parametrizations(module, "weight")
    return [
        torch.equal(module.weight, value),
        module,
        engine.remove_parametrizations(module, "bias"),
    ]


@scene
def a_vector_of_all_parameters(engine):
    module = parametrized(engine, [Symmetric])
    vector = nn.utils.parameters_to_vector(module.parameters())
    nn.utils.vector_to_parameters(vector * 2, module.parameters())
    return [vector, module.weight, sum(p.numel() for p in module.parameters())]


@scene
def initializing_every_parameter(engine):
    module = nn.Sequential(parametrized(engine, [Symmetric]), linear())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(2)
    return [module, module.apply(lambda m: m.eval())]


@scene
def a_recurrent_network(engine):
    torch.manual_seed(0)
    module = nn.GRU(3, 3)
    engine.register_parametrization(module, "weight_hh_l0", Double())
    with engine.cached():
        outputs = module(X)[0], module(2 * X)[0]
    sum(y.sum() for y in outputs).backward()
    return [outputs, [p.grad for p in module.parameters()]]


@scene
def assignment_and_removal_in_inference_mode(engine):
    module = parametrized(engine, [Symmetric])
    with torch.inference_mode():
        module.weight = symmetric()
        inside = module.weight
    module(X).sum().backward()
    with torch.inference_mode():
        engine.remove_parametrizations(module, "weight")
    return [inside, module, module.weight.is_inference()]
