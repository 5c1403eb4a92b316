"""Limits of what is not counted in eps, each with its reason."""

import torch
from torch import Tensor

from manifolds.verify.flat import fitted_slope

SLOPE_SLACK = 0.25
"""A derivative that is wrong misses the slope by 1; the next term of the series, by far less."""
STEPS = tuple(2.0**-j for j in range(5, 11))
"""From 1/32, where higher terms have faded, to 1/1024, whose cube is still far above rounding."""
ROUNDINGS = 1e3
"""An error below this many eps · scale is rounding and has no slope."""
STANDARD_ERRORS = 6.0
"""A normal variable is beyond 6 standard errors once in 5e8 trials."""
NEARBY_ROOT = 0.5
"""A minimizer that resolves the objective to eps resolves the point to eps^(1/2)."""


def missing_orders(
    steps: Tensor, errors: Tensor, scale: float, order: float
) -> tuple[float, float]:
    """order - slope where positive, and the slope; (0, inf) where the errors are rounding."""
    visible = errors > ROUNDINGS * torch.finfo(errors.dtype).eps * scale
    if visible.sum() < 2:
        return 0.0, torch.inf
    slope = fitted_slope(steps[visible], errors[visible]).item()
    return max(order - slope, 0.0), slope
