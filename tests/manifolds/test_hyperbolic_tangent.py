"""tanh of a Hermitian matrix."""

import pytest
import torch

from manifolds.linear_algebra.hyperbolic import hyperbolic_tangent


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("scale", [1e-20, 0.1, 1.0, 3.0])
def test_the_hyperbolic_tangent_is_that_of_the_eigenvalues(scale: float, dtype: torch.dtype):
    n, wide_dtype = 12, torch.promote_types(dtype, torch.float64)
    s = scale * torch.randn(2, n, n, generator=torch.Generator().manual_seed(0), dtype=dtype)
    s = (s + s.mH) / 2
    values, v = torch.linalg.eigh(s.to(wide_dtype))
    expected = (v * values.tanh().unsqueeze(-2)) @ v.mH
    # a product of n×n matrices rounds by n eps at most; tanh and each of its doublings take several
    limit = 8 * n * torch.finfo(dtype).eps * expected.abs().amax()
    assert (hyperbolic_tangent(s) - expected).abs().max() <= limit


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [10.0, 100.0, 1000.0])
def test_a_large_eigenvalue_leaves_the_others_alone(size: float, dtype: torch.dtype):
    s = torch.tensor([size, size, -size, 0.3], dtype=dtype)
    q = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=dtype))[
        0
    ]
    found = q.mT @ hyperbolic_tangent((q * s) @ q.mT) @ q
    # Q diag(s) Qᵀ itself is rounded by eps ‖S‖, and the powers of S by as much
    limit = 8 * 4 * torch.finfo(dtype).eps * size
    assert (hyperbolic_tangent(s.diag()).diag() - s.tanh()).abs().max() <= limit / size
    assert (found - s.tanh().diag()).abs().max() <= limit
