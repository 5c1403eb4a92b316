"""Laws of refusal: wrong input raises the right exception and changes nothing."""

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from manifolds.constrain import constrain
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning
from manifolds.verify.flat import from_real_vector, jacobian, real_vector
from manifolds.verify.law import FAILURES, Finding, Law, failure
from manifolds.verify.subject import Subject, parameters_of, relative_error, worst

ERRORS = (ValueError, TypeError)
TINY_NOISE = 1e-8
"""Its square is below eps of float64: beside 1 it is lost."""
OFF_BY = 10
"""Tolerances by which a point is off."""
FAR = 1 / 8
"""A relative displacement whose violation is far above rounding in every dtype."""


def complaint_unless_raised(
    manifold: Manifold, x: Any, wanted: tuple[type[Exception], ...]
) -> str | None:
    """Whether the right inverse raises one of `wanted` and leaves the buffers' bits alone."""
    before = {name: buffer.clone() for name, buffer in manifold.named_buffers()}
    try:
        manifold.right_inverse(x)
    except wanted:
        changed = [n for n, b in manifold.named_buffers() if not torch.equal(b, before[n])]
        return f"buffers changed: {changed}" if changed else None
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    return "accepted"


def malformed(x: Tensor, dims: int) -> dict[str, Any]:
    """What no manifold takes: NaN, infinity, wrong shape, wrong dtype, not a tensor."""
    broken = {}
    for name, value in {"NaN": torch.nan, "infinity": torch.inf}.items():
        broken[name] = x.clone(memory_format=torch.contiguous_format)
        broken[name].view(-1)[-1] = value
    if dims:  # a manifold of numbers takes every shape
        broken["one entry too many"] = torch.cat([x, x[..., :1]], dim=-1)
        broken["a scalar"] = x.new_ones(())
    return broken | {
        "integers": torch.ones_like(x, dtype=torch.int64),
        "booleans": torch.ones_like(x, dtype=torch.bool),
        "a list": x.tolist(),
        "nothing": None,
    }


def displaced(manifold: Manifold, x: Tensor, direction: Tensor) -> Tensor | None:
    """x moved off the set, normal to it, by `OFF_BY` tolerances; None where no normal exists."""
    p = parameters_of(manifold, x)
    u, _, _ = torch.linalg.svd(jacobian(manifold, p), full_matrices=True)
    dim = manifold.complex_dim if x.is_complex() else manifold.dim
    if dim == len(u):
        return None
    normal = u[:, dim:] @ (u[:, dim:].mT @ real_vector((direction,)))
    step = from_real_vector(normal / torch.linalg.vector_norm(normal), (x,))[0]
    size = torch.linalg.vector_norm(x)
    step = step * torch.where(size > 0, size, 1)
    measured = worst(manifold.violation(x + FAR * step)) / FAR
    if not measured > 0:
        raise ValueError("violation is 0 at a point displaced along the normal")
    return x + step * (OFF_BY * manifold.tolerance(x.dtype) / measured)


def complaint_about_projection(manifold: Manifold, x: Tensor) -> str | None:
    """Non-strict: the first wrong point is projected silently, later ones with a warning."""
    dims = len(manifold.size)
    said = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            y = manifold(*parameters_of(manifold, x))
        said.append(any(issubclass(w.category, OffManifoldWarning) for w in caught))
    off = worst(relative_error(y, manifold.project(x), dims))
    if off > manifold.tolerance(x.dtype):
        return f"not the projection: differs by {off:.1e}"
    return None if said[-1] else "no warning"


def complaint_about_assignment(manifold: Manifold, x: Tensor) -> str | None:
    """A failed assignment through a module leaves value and parameters as they were."""
    module = nn.Module()
    module.weight = nn.Parameter(x.clone())
    constrain(module, "weight", manifold)
    before = [module.weight.detach().clone(), *(p.clone() for p in module.parameters())]
    try:
        module.weight = torch.full_like(x, torch.nan)
    except ValueError:
        after = [module.weight, *module.parameters()]
        same = all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        return None if same else "a failed assignment changed the module"
    return "NaN was assigned"


def strict(manifold: Manifold) -> Manifold:
    """The same manifold in strict mode."""
    manifold.strict = True
    return manifold


def measure_malformed(subject: Subject) -> Iterator[Finding]:
    """What is no point at all, strict or not."""
    x = subject.random("point")
    for name, wrong in malformed(x, len(subject.size)).items():
        manifold = subject.make()
        parameters_of(manifold, x)
        yield failure(name, complaint_unless_raised(manifold, wrong, ERRORS))
    if not subject.make().complex_form:
        wrong = x + 0j
        yield failure("complex", complaint_unless_raised(subject.make(), wrong, ERRORS))
    if not subject.make().real_form:
        wrong = x.real
        yield failure("real", complaint_unless_raised(subject.make(), wrong, ERRORS))
    yield failure("failed assignment", complaint_about_assignment(subject.make(), x))


def measure_outside(subject: Subject) -> Iterator[Finding]:
    """Points off the set by little, in another component, on a boundary that is not there."""
    x = subject.random("point", batch=())
    outside = subject.outside()
    near = displaced(subject.make(), x, subject.noise(x, "normal"))
    if near is not None:
        outside[f"off by {OFF_BY} tolerances"] = near
    for name, wrong in outside.items():
        manifold = strict(subject.make())
        parameters_of(manifold, x)
        verdict = complaint_unless_raised(manifold, wrong, (OffManifoldError,))
        yield failure(f"strict, {name}", verdict)
        yield failure(f"projected, {name}", complaint_about_projection(subject.make(), wrong))


def measure_projection(subject: Subject) -> Iterator[Finding]:
    """Everything finite projects onto the set, noise of any scale and zero included."""
    manifold = subject.make()
    limit = subject.limit(manifold)
    x = subject.random("point")
    noise = subject.noise(x, "project")
    for name, y in {"noise": noise, "tiny noise": TINY_NOISE * noise, "zero": 0 * noise}.items():
        error = worst(manifold.violation(manifold.project(y))) / subject.eps
        yield Finding(f"violation of the projection of {name}", error, limit)
    error = worst(relative_error(manifold.project(x), x, len(manifold.size))) / subject.eps
    yield Finding("a point is its own projection", error, limit)


LAWS = (
    Law(
        "malformed",
        "NaN, infinity, wrong shape, dtype or type raise and change nothing",
        measure_malformed,
        unit=FAILURES,
        costly=True,
    ),
    Law(
        "rejects",
        "strict mode raises off the manifold, the default projects and warns",
        measure_outside,
        unit=FAILURES,
        takes_batch=False,
    ),
    Law("projection", "project lands on the manifold and keeps its points", measure_projection),
)
