"""Products by blocks that leave out the zeros of triangles are the products."""

import pytest
import torch
from normals import normal

from manifolds.linear_algebra.staircase import (
    FULL,
    LOWER,
    UPPER,
    WORTH,
    staircase_product,
    upper_gram,
)

EPS = torch.finfo(torch.float64).eps


@pytest.mark.parametrize("out", [FULL, LOWER, UPPER])
@pytest.mark.parametrize("right", [FULL, LOWER, UPPER])
@pytest.mark.parametrize("left", [FULL, LOWER, UPPER])
@pytest.mark.parametrize("inner", [WORTH, WORTH + 100], ids=["square", "longer inside"])
def test_a_staircase_product_is_the_product_where_it_is_wanted(
    left: str, right: str, out: str, inner: int
):
    part = {FULL: lambda a: a, LOWER: torch.tril, UPPER: torch.triu}
    x, y = part[left](normal(WORTH, inner, seed=0)), part[right](normal(inner, WORTH, seed=1))
    found = part[out](staircase_product(x, y, left, right, out))
    # n eps ‖x_i‖ ‖y_j‖ bounds the rounding of a sum of n products in any order, once for each
    sizes = x.norm(dim=1).max() * y.norm(dim=0).max()
    assert (found - part[out](x @ y)).abs().max() <= 2 * inner * EPS * sizes


@pytest.mark.parametrize("k", [63, 64, 100, 530])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_a_gram_matrix_by_blocks_of_columns_has_the_whole_upper_triangle(k: int, dtype):
    v = torch.randn(600, k, dtype=dtype, generator=torch.Generator().manual_seed(0))
    error = (upper_gram(v) - v.mH @ v).triu().abs().max()
    assert error <= 2 * 600 * EPS * v.norm(dim=0).max() ** 2  # as above
