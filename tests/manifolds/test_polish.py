"""A polished frame is orthonormal to rounding, and stays as it is."""

import numpy as np
import pytest
import torch
from normals import normal

from manifolds.linear_algebra.orthonormalize import (
    BASE_ROUNDING,
    PROBES,
    orthonormal_factor,
    orthonormality_error,
    orthonormalize,
    orthonormalized,
    probed_error,
    rounding_limit,
)

EPS = torch.finfo(torch.float64).eps


@pytest.mark.parametrize("error", [1e-12, 1e-6, 1e-2, 0.2])
def test_the_polish_restores_orthonormality(error: float):
    q = orthonormal_factor(normal(9, 5)) + error * normal(9, 5, seed=1) / 7
    polished = orthonormalize(q)
    assert (polished.mT @ polished - torch.eye(5)).norm() <= 2 * 5**0.5 * EPS
    assert (polished - q).norm() <= 2 * error + 10 * EPS


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_the_compiled_polish_is_the_eager_one(dtype: torch.dtype):
    torch.compiler.reset()
    q = torch.linalg.qr(normal(5, 3, dtype=dtype))[0] + 1e-3 * normal(5, 3, seed=1, dtype=dtype)
    compiled = torch.compile(orthonormalize, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(q), orthonormalize(q))


@pytest.mark.parametrize("rank", [1, 8, 256])
def test_probes_see_an_error_of_any_rank(rank: int):
    k = 16 * PROBES
    u = orthonormal_factor(normal(k, rank))
    q = torch.eye(k, dtype=torch.float64) + 1e-6 * (u * torch.arange(1, rank + 1)) @ u.mT
    _, size = orthonormality_error(q)
    # Note [Probes]: below 4/10 of the truth with probability 4e-4
    assert 0.4 * size.item() <= probed_error(q) <= size.item() / 0.4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("k", [8, 128, 512, 1024])
def test_a_polished_base_is_not_polished_again(k: int, dtype: torch.dtype):
    base = orthonormal_factor(normal(k, k, dtype=dtype)) + 1e-4 * normal(k, k, dtype=dtype) / k
    polished = orthonormalized(base, BASE_ROUNDING)
    assert polished is not base
    assert orthonormalized(polished, BASE_ROUNDING) is polished


@pytest.mark.parametrize(("n", "k"), [(512, 256), (16384, 32)], ids=str)
def test_a_polished_frame_is_orthonormal_in_extended_precision(n: int, k: int):
    q = orthonormalized(orthonormal_factor(normal(n, k)) + 1e-4 * normal(n, k) / n, BASE_ROUNDING)
    wide = q.numpy().astype(np.longdouble)
    error = np.linalg.norm(wide.T @ wide - np.eye(k))
    assert error <= rounding_limit(q, BASE_ROUNDING)


def test_the_polish_gives_a_frame_even_of_garbage():
    polished = orthonormalize(torch.full((5, 3), torch.nan, dtype=torch.float64))
    assert (polished.mT @ polished - torch.eye(3)).norm() <= 10 * EPS


def test_the_factor_of_a_normal_matrix_has_no_preferred_sign():
    q = orthonormal_factor(normal(4000, 3, 3))
    # the mean of 4000 entries of variance 1/3 has standard deviation 1/√12000; five of them
    assert q.mean(0).abs().max() <= 5 / 12000**0.5
