"""`nn.init.zeros_(module.weight)` writes into a value that nobody keeps: warn at the next read."""

import warnings
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from parametrize._ambient import is_plain

_NO_MEMORY = torch.empty(0, device="cpu")


class LastRead:
    """The version counter and address of the value that was read last, without its memory."""

    def __init__(self) -> None:
        self.followed: tuple[Tensor, int, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return LastRead, ()  # a copy's or a loaded module's value has not been read yet

    def follow(self, value: Any, held: Module) -> None:
        """Warn if the value before this one was written into, and follow this one."""
        if self.followed is not None:
            counter, version, address = self.followed
            if counter._version != version and not _is_source(address, held):
                warn_of_lost_write()
        self.followed = None
        # A view of an original counts the writes into that, and those are not lost
        if type(value) is not Tensor or value._base is not None or value.is_inference():
            return
        if value is held._parameters.get("original"):
            return  # functional_call has put a tensor in the place of the original
        if (value.is_cpu or value.is_cuda) and is_plain():
            counter = value.detach()
            try:
                counter.data = _NO_MEMORY  # the count stays
            except RuntimeError:
                return  # sparse, nested, quantized or in the memory of another library
            self.followed = counter, value._version, value.data_ptr()


def _is_source(address: int, held: Module) -> bool:
    """Whether the value was an original or a tensor that a function holds, or part of one."""
    return any(address in _addresses(t) for t in chain(held.parameters(), held.buffers()))


def _addresses(tensor: Tensor) -> range:
    if type(tensor) not in (Tensor, Parameter) or tensor.layout is not torch.strided:
        return range(0)
    start = tensor.untyped_storage().data_ptr()
    return range(start, start + tensor.untyped_storage().nbytes())


def warn_of_lost_write() -> None:
    """Warn that a value was written in place."""
    warnings.warn(
        "a parametrized tensor's value was written in place after it was read, and the write is "
        "lost: the next read computes the value anew. To initialize it assign a tensor, as in "
        "`module.weight = nn.init.zeros_(torch.empty_like(module.weight))`",
        stacklevel=2,
    )
