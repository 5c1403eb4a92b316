"""`nn.init.zeros_(module.weight)` writes into a value that nobody keeps: warn at the next read."""

import warnings
from typing import Any

import torch
from torch import Tensor

from parametrize._ambient import is_plain

_NO_MEMORY = torch.empty(0, device="cpu")


class LastRead:
    """The version counter of the value that was read last, without its memory or graph."""

    def __init__(self) -> None:
        self.counter: tuple[Tensor, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return LastRead, ()  # a copy's or a loaded module's value has not been read yet

    def follow(self, value: Any) -> None:
        """Warn if the value before this one was written into, and follow this one."""
        counter, self.counter = self.counter, None
        if counter is not None and counter[0]._version != counter[1]:
            warn_of_lost_write()
        # A value without a graph may be the original itself, and a view shares its version
        # counter: there a write is not lost.
        if type(value) is not Tensor or value.grad_fn is None or value._base is not None:
            return
        if (value.is_cpu or value.is_cuda) and is_plain():
            alias = value.detach()
            alias.data = _NO_MEMORY  # the counter stays
            self.counter = alias, value._version


def warn_of_lost_write() -> None:
    """Warn that a value was written in place."""
    warnings.warn(
        "a parametrized tensor's value was written in place after it was read, and the write is "
        "lost: the next read computes the value anew. To initialize it assign a tensor, as in "
        "`module.weight = nn.init.zeros_(torch.empty_like(module.weight))`",
        stacklevel=2,
    )
