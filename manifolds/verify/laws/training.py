"""Laws of training: no optimizer leaves the set, and gradient descent arrives where it should."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.law import Finding, Law
from manifolds.verify.limits import NEARBY_ROOT
from manifolds.verify.subject import Parameters, Subject, parameters_of, worst

CHECKPOINTS = (20, 200)
"""Steps after which the violation is read: peers have failed within 20."""
LEARNING_RATE = 0.1
"""Far too large to converge: parameters roam."""
LBFGS_STEPS = 200
"""Newton-like steps in at most some forty dimensions; a reachable target takes about twenty."""

Optimizers = dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]]
OPTIMIZERS: Optimizers = {
    "AdamW": lambda p: torch.optim.AdamW(p, lr=LEARNING_RATE),
    "SGD": lambda p: torch.optim.SGD(p, lr=LEARNING_RATE, momentum=0.9),
}


def squared_distance(x: Tensor, target: Tensor) -> Tensor:
    """‖x - y‖² / ‖y‖², the denominator 1 where y = 0; -> ()."""
    size = target.abs().square().sum()
    return (x - target).abs().square().sum() / torch.where(size > 0, size, 1)


def descend(
    manifold: Manifold,
    parameters: list[Tensor],
    target: Tensor,
    optimizer: torch.optim.Optimizer,
    steps: int,
) -> None:
    """`steps` of gradient descent on the distance to a target."""
    for _ in range(steps):
        optimizer.zero_grad()
        squared_distance(manifold(*parameters), target).backward()
        optimizer.step()


def measure_optimizers(subject: Subject) -> Iterator[Finding]:
    """AdamW with its default weight decay; SGD with momentum, then noise; the mean of both."""
    averaged: list[Parameters] = []
    manifold = subject.make()
    limit = subject.limit(manifold)
    start = parameters_of(manifold, subject.random("start"))
    target = subject.random("target")
    for name, make in OPTIMIZERS.items():
        parameters = [p.clone().requires_grad_() for p in start]
        optimizer, done = make(parameters), 0
        for steps in CHECKPOINTS:
            descend(manifold, parameters, target, optimizer, steps - done)
            done = steps
            error = worst(manifold.violation(manifold(*parameters))) / subject.eps
            yield Finding(f"{name}, {steps} steps", error, limit)
        averaged.append(tuple(p.detach() for p in parameters))
    noisy = subject.noisy(averaged[-1], LEARNING_RATE)
    mean = tuple((p + q) / 2 for p, q in zip(*averaged, strict=True))
    for name, p in {"noise on the parameters": noisy, "mean of two runs": mean}.items():
        yield Finding(name, worst(manifold.violation(manifold(*p))) / subject.eps, limit)


def distance_reached(manifold: Manifold, start: Tensor, target: Tensor) -> tuple[float, float]:
    """‖f(p) - y‖ / ‖y‖ before and after minimizing it from p = r(start)."""
    parameters = [p.clone().requires_grad_() for p in parameters_of(manifold, start)]
    optimizer = torch.optim.LBFGS(
        parameters,
        max_iter=LBFGS_STEPS,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = squared_distance(manifold(*parameters), target)
        loss.backward()
        return loss

    before = closure().item() ** 0.5
    optimizer.step(closure)  # type: ignore[arg-type] # torch wants a float, and takes a tensor
    return before, squared_distance(manifold(*parameters), target).item() ** 0.5


def measure_reachability(subject: Subject) -> Iterator[Finding]:
    """From every tie to a random target near it; a set of one point has no other."""
    for name, start in subject.ties().items():
        manifold = subject.make()
        if not manifold.dim:
            continue
        before, after = distance_reached(manifold, start, subject.nearby(start))
        limit = subject.limit(manifold) * subject.eps ** (NEARBY_ROOT - 1)
        yield Finding(f"from {name}", after / subject.eps, limit, f"distance was {before:.1e}")


LAWS = (
    Law(
        "optimizers",
        "optimizers, noise and averages of parameters stay on the manifold",
        measure_optimizers,
        typical_only=True,
    ),
    Law(
        "reachability",
        "gradient descent from a tied point reaches a target near it",
        measure_reachability,
        double_only=True,
        takes_batch=False,
        typical_only=True,
    ),
)
