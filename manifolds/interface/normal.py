"""Where a random point gets its random numbers."""

import torch
from torch import Generator, Tensor


class Normal:
    """Independent standard normal draws: one generator, dtype and device for a whole sample."""

    def __init__(
        self, generator: Generator | None, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.generator, self.dtype, self.device = generator, dtype, device

    def __call__(self, *shape: int) -> Tensor:
        """-> `shape`, entries independent N(0, 1); complex ones have E|z|² = 1."""
        return torch.randn(shape, generator=self.generator, dtype=self.dtype, device=self.device)
