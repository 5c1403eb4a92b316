"""The probability simplex {x : x_i >= 0, Σ x_i = 1} in the last dimension."""

import torch
from torch import Tensor


def distance_to_simplex(x: Tensor) -> Tensor:
    """|Σ x_i - 1| + Σ max(-x_i, 0), where points have ‖x‖₁ = 1; (*batch, n) -> (*batch,)."""
    return (x.sum(-1) - 1).abs() - x.clamp_max(0).sum(-1)


def lowered(x: Tensor, total: float) -> Tensor:
    """max(x - t, 0) with the t that makes the sum `total`: the nearest x >= 0; (*batch, n), n >= 1.

    t is found in the sorted entries (Held, Wolfe & Crowder 1974; Duchi, Shalev-Shwartz, Singer &
    Chandra 2008, figure 1).
    """
    falling = x.sort(-1, descending=True).values
    count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)
    shift = (falling.cumsum(-1) - total) / count
    active = (falling > shift).sum(-1, keepdim=True)
    return (x - shift.gather(-1, active - 1)).clamp_min(0)


def nearest_in_simplex(x: Tensor, floor: float = 0.0) -> Tensor:
    """The nearest x with Σ x_i = 1, x_i >= floor, in the Euclidean norm; (*batch, n) -> same.

    With a floor it is that of a smaller simplex, shifted.
    """
    if not x.numel():
        return x
    size = 1 - x.shape[-1] * floor
    # Less the largest entry, which changes nothing: the sum then loses no digits to a common shift
    y = (x - x.amax(-1, keepdim=True)) / size
    y = y.clamp_min(-2)  # entries below the largest by more than 1 become 0; sums stay finite
    z = lowered(y, 1.0)
    return floor + size * (z / z.sum(-1, keepdim=True))
