"""Laws of derivatives: they are those of the map, in every mode, to the second order."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from torch.func import jacfwd, jacrev, jvp, vmap

from manifolds.interface import Manifold
from manifolds.verify.flat import flat_map, real_vector
from manifolds.verify.law import FAILURES, ORDERS, Finding, Law, failure
from manifolds.verify.laws.jacobian import places, some_places
from manifolds.verify.limits import SLOPE_SLACK, STEPS, missing_orders
from manifolds.verify.subject import (
    Parameters,
    Subject,
    parameters_of,
    relative_error,
    worst,
    zeros,
)

SAMPLES = 3
"""Parameters mapped at once by vmap."""


def check_gradients(manifold: Manifold, parameters: Parameters) -> str | None:
    """What torch's comparison with finite differences says against first and second order."""
    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters)
    try:
        gradcheck(manifold, inputs, check_forward_ad=True, fast_mode=True)
        gradgradcheck(manifold, inputs, fast_mode=True)
    except GradcheckError as error:
        return " ".join(str(error).split())
    return None


def finite_gradients(manifold: Manifold, parameters: Parameters) -> str | None:
    """First and second derivatives of ‖f(p)‖² along itself: finite, or what is not."""
    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters)
    value = manifold(*inputs).abs().square().sum()
    first = torch.autograd.grad(value, inputs, create_graph=True)
    if not all(g.isfinite().all() for g in first):
        return "the gradient is not finite"
    total = torch.stack([(g * torch.ones_like(g).conj()).real.sum() for g in first]).sum()
    second = torch.autograd.grad(total, inputs, allow_unused=True)
    finite = all(g.isfinite().all() for g in second if g is not None)
    return None if finite else "the second derivative is not finite"


def forward_against_reverse(function: Callable[[Tensor], Tensor], p: Tensor) -> Tensor:
    """The Jacobian by forward and by reverse mode, relative to its largest entry; -> ()."""
    return relative_error(jacfwd(function)(p), jacrev(function)(p), 2)


def mapped_against_batched(manifold: Manifold, parameters: Parameters) -> Tensor:
    """vmap(f) and f on a batch of parameters; -> (samples,)."""
    x = manifold(*parameters)
    return relative_error(vmap(manifold)(*parameters), x, len(manifold.size))


def measure_gradients(subject: Subject) -> Iterator[Finding]:
    """Finite differences at a random parameter and at an assigned tie; NaN nowhere."""
    for name, manifold, p in places(subject):
        yield failure(f"finite at {name}", finite_gradients(manifold, p))
        yield failure(f"finite at zero after {name}", finite_gradients(manifold, zeros(p)))
    for name, manifold, p in some_places(subject)[1:]:
        yield failure(f"finite differences at {name}", check_gradients(manifold, p))


def measure_modes(subject: Subject) -> Iterator[Finding]:
    """Forward mode, reverse mode and vmap are one function."""
    for name, manifold, p in some_places(subject):
        limit, flat = subject.limit(manifold), real_vector(p)
        if flat.numel():  # jacfwd fails on a map without parameters (torch 2.13)
            error = forward_against_reverse(flat_map(manifold, p), flat)
            yield Finding(f"forward and reverse at {name}", worst(error) / subject.eps, limit)
    several = tuple(q.expand(SAMPLES, *q.shape) for q in p)
    error = mapped_against_batched(manifold, subject.noisy(several))
    yield Finding("vmap and batch", worst(error) / subject.eps, limit)


def taylor_errors(
    function: Callable[[Tensor], Tensor], p: Tensor, v: Tensor, order: int
) -> tuple[Tensor, Tensor]:
    """t and ‖f(p + tv) - Σ_{j <= order} t^j f^(j) / j!‖ for order 1 or 2; (m,), (m,).

    The second derivative is reverse over forward: torch 2.13 returns 0 for forward over forward
    through any custom Function (pytorch#197867).
    """

    def velocity(t: Tensor) -> Tensor:
        return jvp(function, (p + t * v,), (v,))[1]

    x, first = jvp(function, (p,), (v,))[:2]
    second = jacrev(velocity)(p.new_zeros(())) if order > 1 else torch.zeros_like(first)
    steps = torch.tensor(STEPS, dtype=x.dtype, device=x.device)
    errors = [function(p + t * v) - x - t * first - t * t / 2 * second for t in STEPS]
    return steps, torch.linalg.vector_norm(torch.stack(errors), dim=-1)


def measure_taylor(subject: Subject) -> Iterator[Finding]:
    """Slope 2 with the first derivative, slope 3 with the second."""
    for name, manifold, p in some_places(subject):
        function, flat = flat_map(manifold, p), real_vector(p)
        v = subject.noise(flat, "direction")
        v = v / torch.linalg.vector_norm(v).clamp_min(1)
        scale = max(1.0, torch.linalg.vector_norm(function(flat)).item())
        for order in (1, 2):
            steps, errors = taylor_errors(function, flat, v, order)
            missing, slope = missing_orders(steps, errors, scale, order + 1)
            yield Finding(f"order {order} at {name}", missing, SLOPE_SLACK, f"slope {slope:.2f}")


def measure_retraction(subject: Subject) -> Iterator[Finding]:
    """‖f(p + tv) - γ(t)‖ falls with the claimed order plus one."""
    if subject.claim is None:
        return
    manifold = subject.make()
    p = parameters_of(manifold, subject.random("retraction", batch=()))
    v = tuple(subject.noise(q, "direction") for q in p)
    x, u = jvp(manifold, p, v)[:2]
    errors = []
    for t in STEPS:
        y = manifold(*(q + t * w for q, w in zip(p, v, strict=True)))
        errors.append((y - subject.claim.geodesic(manifold, x, t * u)).abs().max())
    steps = torch.tensor(STEPS, dtype=torch.float64, device=x.device)
    wanted = subject.claim.order + 1
    missing, slope = missing_orders(steps, torch.stack(errors), 1.0, wanted)
    yield Finding(
        f"claimed order {subject.claim.order}", missing, SLOPE_SLACK, f"slope {slope:.2f}"
    )


LAWS = (
    Law(
        "gradients",
        "derivatives agree with finite differences, and are finite at ties and at zero",
        measure_gradients,
        unit=FAILURES,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "modes",
        "forward mode, reverse mode and vmap agree",
        measure_modes,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "taylor",
        "Taylor remainders fall with slopes 2 and 3",
        measure_taylor,
        unit=ORDERS,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "retraction",
        "straight lines of parameters follow geodesics to the claimed order",
        measure_retraction,
        unit=ORDERS,
        double_only=True,
        takes_batch=False,
        needs_source=True,
    ),
)
