"""Moving base points: dynamic trivialization.

Note [Rebasing]
With an assigned base B the weight is f_B(p), and p drifts away from 0, where f_B is best
conditioned. Rebasing sets B to the current point and p to 0; the weight does not change (Lezcano-
Casado, Trivializations for gradient-based optimization on manifolds, NeurIPS 2019, algorithm 1).
Rebasing after every step is Riemannian gradient descent with the map as retraction. The map has
polished the point to rounding, so bases do not drift however often they move; nor is a frame that
its own map returned checked again, which would cost a product: the polish of the base looks at it.

A step so computes the map twice, at the parameters to move the base and at 0 for the next gradient.
At 0 a CPU finds the factors of the Cayley, exponential, polar and QR maps, of square and of tall
frames, to be the identity and leaves out the products with them. At 1024×1024 in float32, all of a
step next to the base takes the time of 3.7 products with Cayley, 4.6 with the exponential, 4.8 with
polar and 5.3 with qr (measured on one core, `python -m experiments bench maps`).

A value may have come to the boundary of an open set, to rounding. It then becomes the base as far
as that changes its rounding only; where no interior point is so near (a chart that is too flat
there), the tensor keeps its base and parameters, and with them its value.

The parameters keep their identity, and with it the optimizer its state. A momentum buffer then
counts as a vector at the new base: for square frames in the coordinates of the group's Lie algebra
(a left-invariant transport), for tall ones projected on the new tangent space (the vector transport
of Absil, Mahony & Sepulchre 2008, section 8.1.3). `momentum="reset"` forgets it instead.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal
from weakref import ReferenceType, ref

import torch
from torch import nn
from torch.utils.weak import WeakTensorKeyDictionary

from manifolds.interface import Manifold
from manifolds.interface.moving import BaseStaysError, moving_base

Tied = tuple[nn.Module, str]

_owners: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
"""Parameter -> (weak reference to the module that `constrain` gave it, tensor name)."""


def rebase(module: nn.Module) -> nn.Module:
    """Move every base point within `module` to the current point; return the module.

    Values stay to rounding, the base's parameters become zero; see Note [Rebasing], also for the
    boundary of open sets. ValueError if nothing in the module has a base point.
    """
    found = list(_tied(module))
    if not found:
        raise ValueError(f"{type(module).__name__} has no tensor constrained with base='assigned'")
    _move(found)
    return module


class Rebase:
    """Rebase after every K-th step of an optimizer, until `remove` is called.

        manifolds.Rebase(optimizer, every=100)

    It moves what the optimizer trains and `constrain` has tied; pass modules to say which (a deep
    copy of a constrained module must be passed). `momentum="keep"` (default) lets the optimizer's
    state stand, "reset" drops that of the moved parameters; see Note [Rebasing]. ValueError if
    there is nothing with a base point.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        *modules: nn.Module,
        every: int = 1,
        momentum: Literal["keep", "reset"] = "keep",
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"Rebase needs every >= 1 steps, got {every!r}")
        if momentum not in ("keep", "reset"):
            raise ValueError(f"momentum must be 'keep' or 'reset', got {momentum!r}")
        self.every, self.momentum, self.steps = every, momentum, 0
        self.found = [tie for m in modules for tie in _tied(m)] or list(_tied_by(optimizer))
        if not self.found:
            name = type(optimizer).__name__
            raise ValueError(f"{name} trains nothing constrained with base='assigned'")
        self._hook = optimizer.register_step_post_hook(self._after_step)

    def remove(self) -> None:
        """Rebase no more."""
        self._hook.remove()

    def _after_step(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        self.steps += 1
        if self.steps % self.every:
            return
        moved = _move(self.found)
        if self.momentum == "reset":
            for parameter in (p for owner, name in moved for p in _parameters(owner, name)):
                # All of it: moments without their step count would lose the bias correction
                optimizer.state.pop(parameter, None)


def tie(module: nn.Module, name: str) -> None:
    """Remember which module a constrained tensor's parameters belong to."""
    entry: tuple[ReferenceType[nn.Module], str] = (ref(module), name)
    for parameter in _parameters(module, name):
        _owners[parameter] = entry


def _parameters(module: nn.Module, name: str) -> list[nn.Parameter]:
    parametrizations: Any = module.parametrizations
    return list(parametrizations[name].parameters(recurse=False))


def _tied(module: nn.Module) -> Iterator[Tied]:
    for owner in module.modules():
        if "parametrizations" not in owner._modules:  # not `get`: a scripted module has none
            continue
        parametrizations: Any = owner.parametrizations
        for name, chain in parametrizations.items():
            if any(isinstance(p, Manifold) and p.has_base for p in chain):
                yield owner, name


def _tied_by(optimizer: torch.optim.Optimizer) -> Iterator[Tied]:
    parameters = (p for group in optimizer.param_groups for p in group["params"])
    entries = (_owners[p] for p in parameters if p in _owners)
    alive = {(module, name): None for entry, name in entries if (module := entry()) is not None}
    for module, name in alive:
        if (module, name) in list(_tied(module)):
            yield module, name


@torch.no_grad()
def _move(found: list[Tied]) -> list[Tied]:
    """Move the bases; return those that moved."""
    moved = []
    with moving_base():
        for owner, name in found:
            with suppress(BaseStaysError):  # a failed assignment changes nothing
                setattr(owner, name, getattr(owner, name))
                moved.append((owner, name))
    return moved
