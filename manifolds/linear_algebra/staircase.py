"""Products of triangular matrices by blocks that leave out the zeros.

With 4×4 blocks, lower times upper takes 30/64 of a full product, and so do a triangle of full times
triangular; a triangle of upper times lower or of full times lower takes 20/64.
"""

import math

import torch
from torch import Tensor

FULL, LOWER, UPPER = "full", "lower", "upper"
BLOCKS = 4
WORTH = 512
"""Smaller blocks than 128×128 lose in speed what they leave out."""


def staircase_product(x: Tensor, y: Tensor, left: str, right: str, out: str) -> Tensor:
    """The part `out` of XY, X and Y having the form `left` and `right`; full, lower or upper.

    (*batch, n, m), (*batch, m, k) -> (*batch, n, k). An entry outside of that part is zero or that
    of XY: the caller takes the triangle. Blocks are left out of single large square matrices only.
    """
    n, m, k = *x.shape[-2:], y.shape[-1]
    if not n == m == k or n < WORTH or x.ndim > 2:
        return x @ y
    edges = [k * i // BLOCKS for i in range(BLOCKS + 1)]
    rows = []
    for i in range(BLOCKS):
        row = []
        for j in range(BLOCKS):
            low = max(i if left == UPPER else 0, j if right == LOWER else 0)
            high = min(i if left == LOWER else BLOCKS - 1, j if right == UPPER else BLOCKS - 1) + 1
            if (out == LOWER and j > i) or (out == UPPER and j < i):
                high = low
            inner = slice(edges[low], edges[max(high, low)])
            block = x[edges[i] : edges[i + 1], inner] @ y[inner, edges[j] : edges[j + 1]]
            row.append(block)
        rows.append(torch.cat(row, -1))
    return torch.cat(rows, -2)


FEWEST, PARTS = 32, 8
"""Columns of a block of `upper_gram` at least, and blocks at most. In products of the whole, by
blocks of 32 columns and of k/8: k = 64 0.96 and -, 128 0.83 and -, 512 0.67 and 0.64, 1024 0.69 and
0.63; halves take 0.91, 0.88, 0.78, 0.79 (measured, n = 1024 to 4096)."""


def upper_gram(v: Tensor) -> Tensor:
    """The upper triangle of VᴴV, below it zero or the product; (*batch, n, k) -> (*batch, k, k).

    Of a tall matrix by blocks of its columns, each times those from its own on.
    """
    k = v.shape[-1]
    if v.shape[-2] == k or v.ndim > 2 or k < 2 * FEWEST:
        return v.mH @ v
    width = max(FEWEST, math.ceil(k / PARTS))
    rows = ((i, v[:, i : i + width].mH @ v[:, i:]) for i in range(0, k, width))
    return torch.cat([torch.nn.functional.pad(row, (i, 0)) for i, row in rows])
