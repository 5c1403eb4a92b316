"""Laws of training: no optimizer leaves the set, and descent arrives where it should."""

from collections.abc import Iterator

import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.fleet import Fleet, Optimizers, squared_distance
from manifolds.verify.law import ROOTS, Finding, Law, Reach, Skipped
from manifolds.verify.limits import NEARBY_ROOT
from manifolds.verify.subject import Subject, parameters_of, worst

CHECKPOINTS = (20, 200)
"""Steps after which the violation is read: peers have failed within 20."""
LEARNING_RATE = 0.1
"""Far too large to converge: parameters roam."""
LBFGS_STEPS = 200
"""Newton-like steps in at most some forty dimensions; a reachable target takes about twenty."""
AT_A_TIME = 10
"""Steps before the next look whether the target is reached."""

OPTIMIZERS: Optimizers = {
    "AdamW": lambda p: torch.optim.AdamW(p, lr=LEARNING_RATE),
    "SGD": lambda p: torch.optim.SGD(p, lr=LEARNING_RATE, momentum=0.9),
}


def measure_optimizers(subject: Subject) -> Iterator[Finding]:
    """AdamW with its default weight decay; SGD with momentum, then noise; the mean of both."""
    manifold = subject.make()
    limit = subject.limit(manifold)
    fleet, target = Fleet(manifold, subject.random("start"), OPTIMIZERS), subject.random("target")
    done = 0
    for steps in CHECKPOINTS:
        for _ in range(steps - done):
            fleet.step(target)
        done = steps
        for name, violation in fleet.violations().items():
            yield Finding(f"{name}, {steps} steps", violation / subject.eps, limit)
    noisy = subject.noisy(fleet.parameters, LEARNING_RATE)
    mean = tuple(p.mean(0, keepdim=True).expand_as(p) for p in fleet.parameters)
    for name, p in {"noise on the parameters": noisy, "mean of two runs": mean}.items():
        yield Finding(name, worst(manifold.violation(manifold(*p))) / subject.eps, limit)


def distance_reached(
    manifold: Manifold, start: Tensor, target: Tensor, wanted: float
) -> tuple[float, float]:
    """‖f(p) - y‖ / ‖y‖ before and after minimizing it from p = r(start), until it is as wanted.

    The loss is in units of what is wanted: torch's L-BFGS keeps no curvature below 1e-10 (of yᵀs),
    which left AlmostOrthogonal(radius=0.1) to 200 steps of gradient descent at a distance of 1e-5.
    """
    parameters = [p.clone().requires_grad_() for p in parameters_of(manifold, start)]
    optimizer = torch.optim.LBFGS(
        parameters,
        max_iter=AT_A_TIME,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = squared_distance(manifold(*parameters), target, target.ndim) / wanted**2
        loss.backward()
        return loss

    before = after = wanted * closure().item() ** 0.5
    for _ in range(LBFGS_STEPS // AT_A_TIME):
        if after <= wanted:
            break
        optimizer.step(closure)  # type: ignore[arg-type] # torch wants a float, and takes a tensor
        after = wanted * closure().item() ** 0.5
    return before, after


def measure_reachability(subject: Subject) -> Iterator[Finding | Skipped]:
    """From every tie to a random target near it."""
    if not subject.make().dim:
        yield Skipped("a set of one point has no other")
        return
    for name, start in subject.ties().items():
        manifold = subject.make()
        limit, unit = subject.limit(manifold), subject.eps**NEARBY_ROOT
        before, after = distance_reached(manifold, start, subject.nearby(start), limit * unit)
        yield Finding(f"from {name}", after / unit, limit, f"distance was {before:.1e}")


LAWS = (
    Law(
        "optimizers",
        "optimizers, noise and averages of parameters stay on the manifold",
        measure_optimizers,
        reach=Reach.OPTIONS,
        costly=True,
    ),
    Law(
        "reachability",
        "L-BFGS from a tied point reaches a target near it",
        measure_reachability,
        unit=ROOTS,
        double_only=True,
        takes_batch=False,
        reach=Reach.OPTIONS,
    ),
)
