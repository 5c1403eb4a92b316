"""The bound of the spectral norm by thin products, and what it saves."""

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from manifolds.linear_algebra.either_layout import ONE_BY_ONE
from manifolds.linear_algebra.inverse import by_blocks, by_lapack, inverter
from manifolds.linear_algebra.orthonormalize import probed_error, rounding_limit
from manifolds.linear_algebra.probes import normal_probes, sign_probes
from manifolds.linear_algebra.scaling_and_squaring import laid_exponential
from manifolds.linear_algebra.spectral_norm import PROBES, RARE, spectral_norm_bound

N = 256
SLACK = (20 * N) ** (1 / 32)
"""(S / mt)^(1/2p) at S <= m n σ^2p in the mean: 1.31; other draws of the probes move it by 1%."""


def normal(seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(N, N, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def skew(seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Skew-Hermitian of spectral norm 1."""
    a = normal(seed, dtype)
    return (a - a.mH) / torch.linalg.matrix_norm(a - a.mH, 2)


def entry(i: int, j: int) -> Tensor:
    a = torch.zeros(N, N)
    a[i, j] = 1
    return a


MATRICES = {
    "normal": normal(0),
    "skew": skew(1),
    "complex": skew(2, torch.complex64),
    "double": normal(3, torch.float64),
    "rank one": torch.outer(normal(4)[0], normal(5)[0]),
    "a column": torch.outer(torch.ones(N), entry(0, 7)[0]),
    "constant": torch.ones(N, N),
    "nilpotent": entry(0, N - 1),
    "an entry": entry(7, 7),
    "orthogonal": torch.linalg.qr(normal(6)).Q,
    "triangular": normal(7).triu(),
}


@pytest.mark.parametrize("scale", [1e-18, 1, 1e18])
@pytest.mark.parametrize("name", MATRICES)
def test_the_bound_is_above_the_norm_and_next_to_it(name: str, scale: float) -> None:
    a = scale * MATRICES[name]
    sigma = torch.linalg.matrix_norm(a, 2).item()
    assert sigma <= spectral_norm_bound(a) <= 1.01 * SLACK * sigma


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.float64], ids=str)
def test_the_bound_is_not_below_the_norm_at_the_ends_of_the_range(dtype: torch.dtype) -> None:
    least, most = torch.finfo(dtype).tiny, torch.finfo(dtype).max
    for sigma in (least, 1e4 * least, 1e-4 * most, most / 2):
        assert spectral_norm_bound(sigma * skew(1, dtype)) >= sigma


def test_the_bound_of_a_batch_is_that_of_its_largest() -> None:
    a = torch.stack([skew(0), 3 * skew(1), 2 * skew(2)])
    assert 3 <= spectral_norm_bound(a) <= 3 * 1.01 * SLACK


@pytest.mark.parametrize(
    "within", [torch.inference_mode, lambda: torch.device("meta")], ids=["inference", "meta"]
)
def test_probes_do_not_depend_on_what_they_are_first_drawn_in(within) -> None:
    a, expected = skew(0), spectral_norm_bound(skew(0))
    normal_probes.cache_clear()
    sign_probes.cache_clear()
    q = torch.linalg.qr(a).Q
    with within():
        assert spectral_norm_bound(a) == expected
        probed_error(q)
    assert spectral_norm_bound(a) == expected
    assert probed_error(q.requires_grad_()) <= rounding_limit(q)


@pytest.mark.parametrize("n", [1, 256, 1000, 4096])
def test_no_entry_of_a_matrix_escapes_the_probes(n: int) -> None:
    """‖A‖₂ of one row is ‖A‖_F, and seen by the row of G that it meets: above t m, for any row."""
    least = normal_probes(n, PROBES, torch.float64).square().sum(-1).min()
    assert least >= RARE * PROBES


def test_the_bound_of_zero_is_nothing() -> None:
    assert spectral_norm_bound(torch.zeros(N, N)) == 0


class SquareProducts(TorchDispatchMode):
    """Counts products of n×n matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in {"mm", "addmm", "addmm_"} and args[-1].shape == (N, N):
            self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("norm", "products"), [(0.6, 3), (2.0, 4), (4.0, 5), (8.0, 6), (16.0, 7)])
def test_a_large_skew_matrix_takes_no_more_squarings_than_its_norm_asks_for(
    norm: float, products: int
) -> None:
    """By ‖A‖_F and ‖A²‖₁ alone it takes one more each."""
    a = norm * skew(8)
    with SquareProducts() as counted:
        value, _, _ = laid_exponential(a, (), ONE_BY_ONE, skew=True)
    assert counted.count == products
    reference = torch.linalg.matrix_exp(a.double()) - torch.eye(N)
    limit = 8 * N**0.5 * torch.finfo(a.dtype).eps * max(norm, 1)  # rounding of the products
    assert torch.dist(value.double(), reference) <= limit


@pytest.mark.parametrize("norm", [20.0, 40.0])
def test_a_moderate_norm_is_inverted_without_pivots(norm: float) -> None:
    """‖M‖_F is 160 and 320, which would ask for pivots; (1 + ‖M‖₂)² < 1/√eps = 2896 does not."""
    m = norm * skew(9)
    chosen = inverter(m, torch.linalg.matrix_norm(m).item())
    assert chosen is by_blocks
    s = torch.eye(N) + m
    reference = torch.linalg.inv(s.double())
    error = torch.dist(by_blocks(s).double(), reference) / torch.linalg.matrix_norm(reference)
    assert error <= (1 + norm) ** 2 * torch.finfo(m.dtype).eps


def test_a_large_norm_is_inverted_with_pivots() -> None:
    m = 200 * skew(10)
    assert inverter(m, torch.linalg.matrix_norm(m).item()) is by_lapack
