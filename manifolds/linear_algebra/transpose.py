"""Copies of a transpose.

Note [Turned by a shuffle]
torch copies the transpose of a large matrix in tiles, entry by entry, and those of many matrices
across their rows. A channel shuffle, (group, channel) -> (channel, group), of a tensor whose
channels are last in memory is the same transpose of each element of a batch, and with AVX takes it
in registers: 10 µs, not 42, for float32 and one 1000×64. For float64 it is a loop, as fast as tiles
for 1000 rows, and for 1024 slower by four, 190 µs where tiles take 50: their strides share a cache
set (measured).
"""

import torch
from torch import Tensor

SHUFFLES = torch.backends.cpu.get_cpu_capability() in {"AVX2", "AVX512"}
"""Whether Note [Turned by a shuffle] is for this machine."""


def is_shuffled(m: Tensor) -> bool:
    """Whether it is for this matrix: numbers in a row, which a compiler does not have."""
    plain = SHUFFLES and m.dtype == torch.float32 and not torch.compiler.is_compiling()
    return plain and m.device.type == "cpu" and m.is_contiguous()


def transposed(m: Tensor) -> Tensor:
    """Mᵀ, contiguous, a copy; (*batch, r, c) -> (*batch, c, r)."""
    if not is_shuffled(m):
        return m.mT.clone(memory_format=torch.contiguous_format)
    *batch, r, c = m.shape
    n, count = r * c, m.shape[:-2].numel()
    channels = m.as_strided((count, n, 1, 1), (n, 1, n, n))
    return torch.native_channel_shuffle(channels, r).view(*batch, c, r)
