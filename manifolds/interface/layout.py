"""How parameters and buffers lie in memory."""

import torch
from torch import Tensor


def plain(a: Tensor) -> Tensor:
    """A copy of the values, contiguous and without a pending conjugation.

    torch.optim.LBFGS flattens parameters by view, Adam sees complex ones as pairs of reals, and a
    buffer in another layout than the one it is loaded into gives other last bits.
    """
    return a.detach().resolve_conj().clone(memory_format=torch.contiguous_format)
