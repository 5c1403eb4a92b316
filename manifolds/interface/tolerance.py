"""The one tolerance of the toolkit: c · n · eps(dtype) · scale.

Note [Tolerance]
A product or a factorization of n×n matrices carries a normwise relative error of at most a small
multiple of n · eps (Higham, Accuracy and Stability of Numerical Algorithms, 2002, (3.13) and
theorem 19.4). The multiple 8 leaves room for a handful of such steps in a row. A relative
violation above 1/8 is not rounding in any dtype, so the tolerance never exceeds it: in bfloat16
8 · n · eps passes 1 at n = 16 and would accept everything.
"""

import torch

ROUNDING_STEPS = 8
LARGEST_VIOLATION = 1 / 8


def tolerance(n: int, dtype: torch.dtype, scale: float = 1.0) -> float:
    """min(8 n eps(dtype), 1/8) · scale; see Note [Tolerance]."""
    return min(ROUNDING_STEPS * max(n, 1) * torch.finfo(dtype).eps, LARGEST_VIOLATION) * scale
