"""Matrices with the batch last: the layout, its products, its elimination, and the series."""

from collections.abc import Callable

import pytest
import torch
from normals import normal
from torch import Tensor

from manifolds.linear_algebra import many
from manifolds.linear_algebra.inverse import by_series
from manifolds.linear_algebra.symmetry import skew
from manifolds.linear_algebra.transpose import transposed

EPS = torch.finfo(torch.float64).eps
DTYPES = [torch.float64, torch.complex128]


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("dtype", [torch.float32, *DTYPES], ids=str)
def test_turning_the_layout_and_back_changes_nothing(dtype: torch.dtype, n: int):
    a = normal(2, 3, n, 5, dtype=dtype)
    assert torch.equal(many.batch_first(many.batch_last(a), a.shape[:-2]), a)


@pytest.mark.parametrize(
    "shape", [(1, 5), (5, 1), (6, 4), (1024, 64), (3, 2, 7, 8), (300, 9, 1), (0, 3, 2)]
)
@pytest.mark.parametrize(
    "lies", [Tensor.contiguous, lambda m: m.mT.contiguous().mT], ids=["by rows", "by columns"]
)
@pytest.mark.parametrize("dtype", [torch.float32, *DTYPES], ids=str)
def test_a_transpose_is_a_copy_whatever_lies_where(
    dtype: torch.dtype, lies: Callable[[Tensor], Tensor], shape: tuple[int, ...]
):
    m = lies(normal(*shape, dtype=dtype))
    ours = transposed(m)
    assert torch.equal(ours, m.mT)
    assert ours.is_contiguous()
    assert not m.numel() or ours.data_ptr() != m.data_ptr()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_products_with_the_batch_last_are_products(dtype: torch.dtype):
    a, b = normal(7, 3, 4, dtype=dtype), normal(7, 4, 2, seed=1, dtype=dtype)
    ours = many.batch_first(many.product(many.batch_last(a), many.batch_last(b)), a.shape[:-2])
    torch.testing.assert_close(ours, a @ b)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 10.0])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_elimination_keeps_the_relative_accuracy_of_a_small_change(
    n: int, dtype: torch.dtype, scale: float
):
    m = scale * skew(normal(20, n, n, dtype=dtype))
    size = torch.linalg.matrix_norm(m)
    s = torch.eye(n, dtype=dtype) + m
    expected = -torch.linalg.solve(s, m)  # (I + M)⁻¹ - I
    ours = many.batch_first(many.eliminated(many.batch_last(m)), m.shape[:-2])
    error = torch.linalg.matrix_norm(ours - expected)
    assert (error <= 8 * n * EPS * (1 + size) ** 2 * size).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("n", [1, 4])
def test_what_is_kept_is_the_same_matrix_in_the_memory_of_the_layout(n: int, dtype: torch.dtype):
    a = normal(2, 3, n, n, dtype=dtype)
    kept = many.kept(many.batch_last(a), a.shape[:-2])
    assert torch.equal(kept, a)
    assert kept.stride() == many.kept_like(a).stride()


@pytest.mark.parametrize("size", [1e-12, 1e-9, 1e-5, 1e-3])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_series_keeps_the_relative_accuracy_of_a_small_change(dtype: torch.dtype, size: float):
    m = skew(normal(5, 6, 6, dtype=dtype))
    m = m * size / torch.linalg.matrix_norm(m, keepdim=True)
    expected = -torch.linalg.solve(torch.eye(6, dtype=dtype) + m, m)
    error = torch.linalg.matrix_norm(by_series(m, size) - expected)
    assert (error <= 4 * EPS * size).all()


def test_the_series_is_not_taken_where_eight_terms_are_not_enough():
    assert by_series(normal(2, 2), 0.1) is None
