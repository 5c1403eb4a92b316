"""How parameters and buffers lie in memory."""

import torch
from torch import Tensor

from manifolds.interface.precision import narrowed


def plain(a: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A copy of the values in `dtype`, contiguous and without a pending conjugation.

    torch.optim.LBFGS flattens parameters by view, Adam sees complex ones as pairs of reals, and a
    buffer in another layout than the one it is loaded into gives other last bits.
    """
    return (
        narrowed(a.detach(), dtype or a.dtype)
        .resolve_conj()
        .clone(memory_format=torch.contiguous_format)
    )
