"""Laws of a module's life: saved, loaded, copied, cast, compiled, the constraint stays."""

import copy
import pickle
import warnings
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize as torch_engine

from manifolds.constrain import constrain
from manifolds.verify.law import Finding, Law, Reach, failure
from manifolds.verify.subject import Parameters, Subject, parameters_of, relative_error, worst

WIDER = {
    torch.float32: torch.float64,
    torch.float64: torch.float32,
    torch.complex64: torch.complex128,
    torch.complex128: torch.complex64,
}


INSIDE = 1 / 4
"""How far parameters move before the value is assigned to another module. By N(0, 1) those of
`FixedRankPSD(5, 5, rank=5)` came to a condition of 3e6, which float32 refuses: it is singular."""


def module_with(x: Tensor) -> nn.Module:
    """A module whose `weight` is x."""
    module = nn.Module()
    module.weight = nn.Parameter(x.clone())
    return module


def weight_of(module: nn.Module) -> Tensor:
    """Its value, apart from the graph."""
    weight = module.weight
    assert isinstance(weight, Tensor)  # noqa: S101 -- for the type checker
    return weight.detach()


def constrained(subject: Subject, x: Tensor, scale: float = 1.0) -> nn.Module:
    """The same, constrained, its parameters moved from where the assignment left them."""
    module = constrain(module_with(x), "weight", subject.make())
    with torch.no_grad():
        for p in module.parameters():
            p.add_(scale * subject.noise(p, "trained"))
    return module


def reloaded(subject: Subject, module: nn.Module) -> Tensor:
    """The weight after state_dict into a fresh module that started elsewhere."""
    fresh = constrain(module_with(subject.random("elsewhere")), "weight", subject.make())
    fresh.load_state_dict(copy.deepcopy(module.state_dict()), strict=True)
    return weight_of(fresh)


def pickled(subject: Subject, x: Tensor) -> tuple[Tensor, Tensor]:
    """f(p) of a manifold, and of what came through pickle."""
    manifold = subject.make()
    p = subject.noisy(parameters_of(manifold, x))
    again = pickle.loads(pickle.dumps(manifold))  # noqa: S301 -- our own bytes
    return manifold(*p), again(*p)


def measure_lifecycle(subject: Subject) -> Iterator[Finding]:
    """Same bits after state_dict, deepcopy and pickle, and the same value in torch's engine."""
    x, dims = subject.random("weight"), len(subject.size)
    module = constrained(subject, x)
    weight = weight_of(module)
    pairs = {
        "state_dict into a fresh module": (reloaded(subject, module), weight),
        "deepcopy": (weight_of(copy.deepcopy(module)), weight),
        "pickle of the manifold": pickled(subject, x),
    }
    for name, (got, wanted) in pairs.items():
        error = 0.0 if torch.equal(got, wanted) else torch.inf
        yield Finding(name, error, 0.0, "the value differs")
    limit = subject.limit(subject.make())
    theirs = module_with(x)
    torch_engine.register_parametrization(theirs, "weight", subject.make())
    theirs.weight = inside = weight_of(constrained(subject, x, INSIDE))
    error = worst(relative_error(weight_of(theirs), inside, dims)) / subject.eps
    yield Finding("torch's engine", error, limit)
    yield _cast(subject, module)


def _cast(subject: Subject, module: nn.Module) -> Finding:
    """.to(dtype), up or down: still on the manifold, to the rounding of the new dtype."""
    dtype = WIDER[subject.dtype]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Complex modules are a new feature")
        moved = copy.deepcopy(module).to(dtype)
    manifold = subject.make()
    weight = weight_of(moved)
    error = worst(manifold.violation(weight)) / torch.finfo(dtype).eps
    limit = manifold.tolerance(dtype) / torch.finfo(dtype).eps
    return Finding(f".to({dtype})", error if weight.dtype == dtype else torch.inf, limit)


def value_and_gradient(
    function: Callable[..., Tensor], parameters: Parameters, weights: Tensor
) -> tuple[Tensor, ...]:
    """f(p), and the gradient of the real part of <weights, f(p)>."""
    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters)
    y = function(*inputs)
    gradients = torch.autograd.grad((weights.conj() * y).real.sum(), inputs)
    return (y.detach(), *gradients)


def measure_compile(subject: Subject) -> Iterator[Finding]:
    """torch.compile(fullgraph=True): the same values and gradients, without a graph break."""
    torch._dynamo.reset()
    manifold = subject.make()
    p = subject.noisy(parameters_of(manifold, subject.random("weight")))
    weights = subject.noise(manifold(*p), "weights")
    compiled = torch.compile(manifold, fullgraph=True, backend="aot_eager")
    limit = subject.limit(manifold)
    got, wanted = (value_and_gradient(f, p, weights) for f in (compiled, manifold))
    for name, a, b in zip(("value", *("gradient",) * len(p)), got, wanted, strict=True):
        error = worst(relative_error(a, b, b.ndim)) / subject.eps
        yield Finding(name, error, limit)
    torch._dynamo.reset()


def measure_half(subject: Subject) -> Iterator[Finding]:
    """16-bit parameters keep the constraint to 16-bit rounding; autocast changes nothing."""
    x = subject.random("weight")
    for dtype in (torch.bfloat16, torch.float16):
        manifold = subject.make()
        limit = manifold.tolerance(dtype) / torch.finfo(dtype).eps
        with torch.no_grad():
            p = subject.noisy(parameters_of(manifold, manifold.project(x.to(dtype))))
            y = manifold(*p)
        right = y.dtype == dtype and bool(y.isfinite().all())
        error = worst(manifold.violation(y).float()) / torch.finfo(dtype).eps
        yield Finding(str(dtype), error if right else torch.inf, limit)
    manifold = subject.make()
    p = subject.noisy(parameters_of(manifold, x))
    with torch.autocast(subject.device.type, dtype=torch.bfloat16):
        y = manifold(*p)
    yield failure(
        "autocast", None if torch.equal(y, manifold(*p)) else "autocast changes the value"
    )


LAWS = (
    Law(
        "lifecycle",
        "state_dict, deepcopy, pickle, .to(dtype) and torch's engine keep the value",
        measure_lifecycle,
        costly=True,
    ),
    Law(
        "compile",
        "torch.compile(fullgraph=True) gives the same values and gradients",
        measure_compile,
        reach=Reach.OPTIONS,
        costly=True,
    ),
    Law(
        "half",
        "16-bit parameters and autocast are computed in float32",
        measure_half,
        real_only=True,
    ),
)
