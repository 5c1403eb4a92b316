"""pymanopt (Townsend, Koep & Weichwald 2016): its solvers as iterates, and its single steps.

A solver of pymanopt runs whole. It is run once, at the first `next`, and recorded: the points at
which it took a gradient, and the seconds between them. `next` then replays them, so that the rows
of its log have its own times. A continued run repeats the solver, which draws no random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor

from experiments.methods.method import Descend, Iterates, Loss, flat
from experiments.methods.peers import package

Recording = list[tuple[Tensor, float]]  # X_0, X_1, ... and the seconds each took
Outward = Callable[..., Tensor]  # the tensors of a point -> X
Set = Callable[[Any, Tensor], Any]  # (pymanopt.manifolds, X_0) -> the manifold of X_0
UNLIMITED = 1e9  # seconds, cost evaluations: the budget is the number of iterations alone


class Recorded(Iterates):
    """Replay of a solver's own iterates; once they end, the last one, in no time."""

    def __init__(self, run: Callable[[], Recording]) -> None:
        self.run, self.count = run, 0
        self.recording: Recording = []

    def __next__(self) -> Tensor:
        """Return the next point; `recorded_seconds` is what it took the solver."""
        self.recording = self.recording or self.run()
        ended = self.count >= len(self.recording)
        x, seconds = self.recording[-1 if ended else self.count]
        self.recorded_seconds = 0.0 if ended else seconds
        self.count += 1
        return x

    def state_dict(self) -> Mapping[str, int]:
        """Return how many points have been replayed."""
        return {"count": self.count}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on after that many points of the same solver."""
        self.count = state["count"]


def pymanopt_on(
    manifold: Set,
    optimizer: str,
    steps: int,
    *,
    inward: Callable[[Tensor], Any] = lambda x: x.numpy(),
    outward: Outward = lambda x: x,
    **options: Any,
) -> Descend:
    """`pymanopt.optimizers.OPTIMIZER` in float64, which it needs; it has no learning rate.

    `inward` turns X_0 into a point of pymanopt, `outward` the tensors of a point into X.
    """

    def descend(start: Tensor, loss: Loss, _rate: float) -> Iterates:
        on = manifold(package("pymanopt").manifolds, start)
        working = torch.complex128 if start.is_complex() else torch.float64
        every = {"verbosity": 0, "max_iterations": steps, **_BUDGET, **options}

        def run() -> Recording:
            found, solver = Recording(), getattr(package("pymanopt").optimizers, optimizer)(**every)
            point = inward(start.to(working))
            with catch_warnings():
                simplefilter("ignore", RuntimeWarning)  # its own, of singular systems on the way
                solver.run(_watched(on, loss, outward, found), initial_point=point)
            return [(x.to(start), seconds) for x, seconds in found]

        return Recorded(run)

    return descend


def _watched(on: Any, loss: Loss, outward: Outward, found: Recording) -> Any:
    """Return the problem of pymanopt; `found` gets every point at which it takes a gradient."""
    pymanopt: Any = package("pymanopt")
    began = [perf_counter()]

    class Watched(pymanopt.Problem):  # both solvers take one gradient per iterate
        @property
        def riemannian_gradient(self) -> Callable[[Any], Any]:
            gradient = super().riemannian_gradient

            def watched(point: Any) -> Any:
                g = gradient(point)
                found.append((_tensor(point, outward), perf_counter() - began[0]))
                began[0] = perf_counter()
                return g

            return watched

    @pymanopt.function.pytorch(on)
    def cost(*point: Tensor) -> Tensor:
        return loss(outward(*point)).sum()

    return Watched(on, cost)


class Stepped(Iterates):
    """x <- R_x(-η grad f(x)) by a manifold of pymanopt, in numpy and in the dtype of the start."""

    def __init__(
        self, on: Any, point: list[Tensor], loss: Loss, outward: Outward, rate: float
    ) -> None:
        self.on, self.point, self.loss, self.outward, self.rate = on, point, loss, outward, rate

    def __next__(self) -> Tensor:
        """Take a step; return the point where its gradient was taken."""
        factors = [factor.detach().requires_grad_() for factor in self.point]
        x = self.outward(*factors)
        slopes = torch.autograd.grad(self.loss(x).sum(), factors)
        at, slope = (_point(each) for each in (factors, slopes))
        gradient = self.on.euclidean_to_riemannian_gradient(at, slope)
        moved = self.on.retraction(at, -self.rate * gradient)
        arrays = moved if isinstance(moved, list | tuple) else [moved]
        self.point = [torch.from_numpy(array).to(x.dtype) for array in arrays]
        return x.detach()

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the tensors of the point."""
        return {str(i): factor for i, factor in enumerate(self.point)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from another point."""
        self.point = list(state.values())


def pymanopt_steps(
    manifold: Set,
    inward: Callable[[Tensor], list[Tensor]] = lambda x: [x],
    outward: Outward = lambda x: x,
) -> Descend:
    """Riemannian gradient descent with the retraction of `pymanopt.manifolds`."""

    def descend(start: Tensor, loss: Loss, rate: float) -> Iterates:
        on = manifold(package("pymanopt").manifolds, start)
        return Stepped(on, [t.contiguous() for t in inward(start)], loss, outward, rate)

    return descend


def many(x: Tensor) -> dict[str, int]:
    """How many matrices, as pymanopt asks for it."""
    return {"k": x.shape[:-2].numel()}


def frames(sets: Any, x: Tensor) -> Any:
    """Its Stiefel manifold, with the QR retraction."""
    return sets.Stiefel(*x.shape[-2:], **many(x))


def pymanopt_rows(most: int) -> Callable[[str], Descend]:
    """Return its solvers on matrices of unit rows, which are columns of its oblique manifold."""
    return lambda solver: pymanopt_on(
        lambda sets, x: sets.Oblique(*x.mT.shape),
        solver,
        most,
        inward=lambda x: x.mT.contiguous().numpy(),
        outward=lambda x: x.mT,
    )


_BUDGET = {
    "max_time": UNLIMITED,
    "max_cost_evaluations": UNLIMITED,
    "min_gradient_norm": flat(torch.float64),
    "min_step_size": 0,
}


def _point(tensors: Sequence[Tensor]) -> Any:
    arrays = [tensor.detach().numpy() for tensor in tensors]
    return arrays[0] if len(arrays) == 1 else arrays


def _tensor(point: Any, outward: Outward) -> Tensor:
    arrays = point if isinstance(point, list | tuple) else (point,)
    return outward(*(torch.tensor(array) for array in arrays))
