"""The matrix exponential and its derivative are scipy's, at every norm, on every device."""

import math

import numpy as np
import pytest
import scipy
import torch
from normals import normal
from torch import Tensor

from manifolds.linear_algebra.chebyshev import chebyshev
from manifolds.linear_algebra.exponential import (
    expm1,
    exponential,
    exponential_derivative,
)
from manifolds.linear_algebra.many import MANY
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.scaling import cost, plan, schemes
from manifolds.linear_algebra.scaling_and_squaring import without_reading
from manifolds.linear_algebra.scheme import Scheme
from manifolds.linear_algebra.taylor import taylor

EPS = torch.finfo(torch.float64).eps


def relative_error(ours: Tensor, theirs: np.ndarray) -> float:
    reference = torch.as_tensor(theirs)
    return ((ours - reference).norm() / reference.norm()).item()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 30.0])
def test_the_exponential_is_scipys(scale: float, dtype: torch.dtype):
    a = scale * normal(6, 6, dtype=dtype)
    # exp has condition number up to ‖A‖ in relative error (Higham 2008, lemma 10.15)
    limit = 10 * 6 * EPS * max(1.0, a.norm().item())
    assert relative_error(exponential(a), scipy.linalg.expm(a.numpy())) <= limit


@pytest.mark.parametrize(
    "function", [lambda a, _, **k: exponential(a, **k), exponential_derivative]
)
@pytest.mark.parametrize("known", [False, True], ids=["any", "skew"])
@pytest.mark.parametrize("batch", [(MANY,), (MANY // 2, 2)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("scale", [0.0, 1e-5, 0.3, 30.0])
def test_of_many_matrices_they_are_those_of_each(
    scale: float, dtype: torch.dtype, batch: tuple[int, ...], function, *, known: bool
):
    a, e = scale * normal(*batch, 3, 3, dtype=dtype), normal(*batch, 3, 3, seed=1, dtype=dtype)
    a = a - a.mH if known else a / 3
    pairs = zip(a.flatten(0, -3), e.flatten(0, -3), strict=True)
    expected = torch.stack([function(*pair, skew=known) for pair in pairs]).view_as(a)
    error, size = (torch.linalg.matrix_norm(t) for t in (function(a, e, skew=known) - expected, a))
    # each may lose the 10 n eps max(1, ‖A‖) of the comparison with scipy below
    scale = size.clamp_min(1) * torch.linalg.matrix_norm(expected).clamp_min(1)
    assert (error <= 2 * 10 * 3 * EPS * scale * e.norm(dim=(-2, -1))).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-5, 0.05, 0.3, 1.0, 30.0])
def test_the_exponential_of_a_skew_matrix_and_its_derivative_are_scipys(
    scale: float, dtype: torch.dtype
):
    a, e = scale * normal(6, 6, dtype=dtype), normal(6, 6, seed=1, dtype=dtype)
    a = a - a.mH
    value, derivative = scipy.linalg.expm_frechet(a.numpy(), e.numpy())
    limit = 10 * 6 * EPS * max(1.0, a.norm().item())
    assert relative_error(exponential(a, skew=True), value) <= limit
    assert relative_error(exponential_derivative(a, e, skew=True), derivative) <= limit


@pytest.mark.parametrize("number", [1, MANY])
@pytest.mark.parametrize("known", [False, True], ids=["any", "skew"])
def test_a_small_matrix_keeps_its_digits_beside_large_ones(number: int, *, known: bool):
    small, large = 1e-9 * normal(4, 4), 100 * normal(4, 4, seed=1)
    skew = torch.stack([small - small.mT, *[large - large.mT] * number])
    y = expm1(skew, skew=known)[0]
    # exp(A) - I = A + A²/2 to far below eps(float64) for ‖A‖ = 1e-9
    expected = skew[0] + skew[0] @ skew[0] / 2
    assert (y - expected).norm() <= 100 * EPS * expected.norm()


@pytest.mark.parametrize("known", [False, True], ids=["any", "skew"])
@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-2, 1.0, 30.0])
def test_a_gpu_finds_the_same_exponential_without_reading_the_norm(scale: float, *, known: bool):
    a, e = scale * normal(3, 4, 4), normal(3, 4, 4, seed=1)
    a = a - a.mT
    y, derivative = without_reading(a, e, skew=known)
    limit = 100 * EPS * max(1.0, a.norm().item())
    assert (y + torch.eye(4) - exponential(a)).norm() <= limit
    assert (derivative - exponential_derivative(a, e)).norm() <= limit * e.norm()


def coefficients(scheme: Scheme) -> Tensor:
    """Of 1, x, …, x^m in the value of a scheme."""
    shift = torch.diag(torch.ones(scheme.degree, dtype=torch.float64), -1)  # A^j e_1 = e_(j+1)
    return scheme.value(scheme.factors(shift, shift @ shift))[:, 0]


def degree(scheme: Scheme) -> str:
    return f"degree {scheme.degree}"


@pytest.mark.parametrize("scheme", taylor(torch.float64), ids=degree)
def test_a_scheme_is_the_taylor_polynomial(scheme: Scheme):
    m = scheme.degree
    terms = [0.0] + [1 / math.factorial(j) for j in range(1, m + 1)]
    expected = torch.tensor(terms, dtype=torch.float64)
    # each coefficient is a sum of at most m products of at most six factors
    assert ((coefficients(scheme) - expected).abs() <= 6 * m * EPS * expected).all()


def both_precisions(test):
    cases = [(dtype, s) for dtype in (torch.float32, torch.float64) for s in chebyshev(dtype)[1:]]
    names = [f"{dtype}, {degree(s)}" for dtype, s in cases]
    return pytest.mark.parametrize(("dtype", "scheme"), cases, ids=names)(test)


@both_precisions
def test_a_skew_scheme_reaches_where_the_chebyshev_series_ends_at_rounding(
    dtype: torch.dtype, scheme: Scheme
):
    tail = scipy.special.jv(np.arange(scheme.degree, scheme.degree + 20), scheme.reach)
    assert 2 * tail.sum() == pytest.approx(torch.finfo(dtype).eps / 2, rel=1e-9)


@both_precisions
def test_the_derivative_of_a_skew_scheme_is_the_chebyshev_series(
    dtype: torch.dtype, scheme: Scheme
):
    m, theta = scheme.degree, scheme.reach
    series = 2 * 1j ** np.arange(m) * scipy.special.jv(np.arange(m), theta)
    series[0] /= 2
    # p'(iθu): the j-th coefficient times (iθ)^j
    powers = np.polynomial.chebyshev.cheb2poly(series) / (1j * theta) ** np.arange(m)
    found = coefficients(scheme)[1:].numpy() * np.arange(1, m + 1)
    size = abs(powers) * theta ** np.arange(m)
    # what rounding the given coefficients moves, of terms that add up to e^θ
    assert (abs(found - powers) * theta ** np.arange(m) <= 6 * m * EPS * size.sum()).all()


@pytest.mark.parametrize(
    ("norm", "products"), [(0.0, 0), (1e-5, 1), (0.03, 2), (0.4, 3), (1.3, 4), (2.9, 5), (90.0, 10)]
)
def test_small_matrices_take_fewer_products(norm: float, products: int):
    choices = schemes(torch.float32, skew=False)
    assert cost(choices, *plan(choices, norm, norm, torch.float32)) == products


@pytest.mark.parametrize(
    ("norm", "products"),
    [(0.0, 0), (4e-4, 1), (0.05, 2), (0.8, 3), (2.5, 4), (5.0, 5), (10.0, 6), (80.0, 9)],
)
def test_skew_matrices_take_as_many_products_at_twice_the_norm(norm: float, products: int):
    choices = schemes(torch.float32, skew=True)
    assert cost(choices, *plan(choices, norm, norm, torch.float32)) == products


@pytest.mark.parametrize("scale", [1e-12, 1.0])
def test_the_second_derivative_at_the_origin_is_that_of_the_square(scale: float):
    e, f = scale * normal(3, 3), normal(3, 3, seed=1)

    def first(a: Tensor) -> Tensor:
        return torch.func.jvp(exponential, (a,), (e,))[1]

    found = torch.func.jvp(first, (torch.zeros_like(e),), (f,))[1]
    expected = (e @ f + f @ e) / 2
    assert (found - expected).norm() <= 10 * EPS * e.norm() * f.norm()


def test_a_nilpotent_matrix_has_the_derivative_of_a_series_that_ends():
    a, e = torch.zeros(2, 2, dtype=torch.float64), normal(2, 2)
    a[0, 1] = 1
    # A² = 0: L = E + (AE + EA)/2 + AEA/6
    expected = e + (a @ e + e @ a) / 2 + a @ e @ a / 6
    assert (exponential_derivative(a, e) - expected).norm() <= 10 * EPS * e.norm()


def test_an_overflowing_square_does_not_spoil_the_exponential():
    a = 1e30 * normal(5, 5, dtype=torch.float32)
    assert orthonormalize(exponential(a - a.mT)).isfinite().all()


def test_the_derivative_of_the_exponential_is_scipys():
    a, e = normal(5, 5), normal(5, 5, seed=1)
    theirs = scipy.linalg.expm_frechet(a.numpy(), e.numpy(), compute_expm=False)
    assert relative_error(exponential_derivative(a, e), theirs) <= 1000 * EPS
