"""Maps and right inverses against scipy's functions of matrices."""

import numpy
import pytest
import scipy
import torch
from crosscheck_helpers import EPS, distance, normal, point

import manifolds

ROUNDING = 100 * EPS
"""A handful of n×n products, n <= 8, each n eps."""


def skew(n: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    a = normal(n, n, dtype=dtype)
    return (a - a.mH) / 2


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_the_exponential_chart_is_scipys_expm(n: int):
    rotations = manifolds.SpecialOrthogonal(n, map="exponential")
    base, a = point(rotations), skew(n)
    rotations.right_inverse(base)
    assert distance(rotations(a), base @ torch.from_numpy(scipy.linalg.expm(a.numpy()))) < ROUNDING


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_the_unitary_exponential_chart_is_scipys_expm(n: int):
    unitary = manifolds.Unitary(n, n, map="exponential")
    base, a = point(unitary, dtype=torch.complex128), skew(n, torch.complex128)
    unitary.right_inverse(base)
    assert distance(unitary(a), base @ torch.from_numpy(scipy.linalg.expm(a.numpy()))) < ROUNDING


def generator(b: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Ω skew with ΩB = BA + N, A = skew(BᴴP), N = P - BBᴴP."""
    inner = b.mH @ p
    normal_part = p - b @ inner
    return normal_part @ b.mH - b @ normal_part.mH + b @ (inner - inner.mH) @ b.mH / 2


@pytest.mark.parametrize("size", [1e-3, 0.05, 0.4, 1.5, 10])  # degrees 4 to 18, squarings
@pytest.mark.parametrize("rank", [1, 3], ids="rank{}".format)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_the_tall_exponential_chart_is_scipys_expm(dtype: torch.dtype, rank: int, size: float):
    frames = (manifolds.Unitary if dtype.is_complex else manifolds.Orthogonal)(
        8, 3, map="exponential"
    )
    b, d = point(frames, dtype=dtype), normal(8, 3, seed=1, dtype=dtype)
    p = normal(8, rank, seed=2, dtype=dtype) @ normal(rank, 3, seed=3, dtype=dtype)
    p = p * size / torch.linalg.matrix_norm(generator(b, p), 2)
    frames.right_inverse(b)
    x, dx = torch.func.jvp(frames, (p,), (d,))
    omega, direction = (generator(b, t).numpy() for t in (p, d))
    expected, derivative = scipy.linalg.expm_frechet(omega, direction)
    limit = ROUNDING * max(size, 1)
    assert distance(x, torch.from_numpy(expected) @ b) < limit
    assert distance(dx, torch.from_numpy(derivative) @ b) < limit
    value = frames(p.requires_grad_())  # the same in one operator, with its adjoint
    assert distance(value.detach(), x) < limit
    (gradient,) = torch.autograd.grad(value, p, dx)
    inner = torch.linalg.vecdot(gradient.flatten(), d.flatten()).real
    assert inner.item() == pytest.approx(torch.linalg.vector_norm(dx).item() ** 2, rel=limit)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_fixed_exponential_chart_takes_scipys_logarithm(n: int):
    rotations = manifolds.SpecialOrthogonal(n, map="exponential", base="fixed")
    a = skew(n)
    x = torch.from_numpy(scipy.linalg.expm(a.numpy() / torch.linalg.matrix_norm(a).item()))
    p = rotations.right_inverse(x)
    log = scipy.linalg.logm((x * rotations.get_buffer("signs")).numpy())
    assert distance((p - p.mT) / 2, torch.from_numpy(numpy.real(log))) < ROUNDING


@pytest.mark.parametrize("n", [1, 3, 5])
def test_the_general_linear_chart_is_scipys_expm(n: int):
    group = manifolds.GeneralLinear(n)
    base, a = point(group), normal(n, n, seed=1)
    group.right_inverse(base)
    # exp has condition number up to ‖A‖ in relative error (Higham 2008, lemma 10.15)
    limit = ROUNDING * max(1, torch.linalg.matrix_norm(a).item())
    assert distance(group(a), base @ torch.from_numpy(scipy.linalg.expm(a.numpy()))) < limit


@pytest.mark.parametrize("n", [2, 4, 6])
def test_the_symplectic_chart_is_scipys_expm(n: int):
    group = manifolds.Symplectic(n)
    base, p = point(group), normal(n, n, seed=1) / n
    group.right_inverse(base)
    j = torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(n // 2)).double()
    hamiltonian = (j @ (p + p.mT) / 2).numpy()
    assert distance(group(p), base @ torch.from_numpy(scipy.linalg.expm(hamiltonian))) < ROUNDING


@pytest.mark.parametrize("size", [(4, 4), (6, 3), (3, 6), (5, 1)], ids=str)
def test_the_projection_on_frames_is_scipys_polar_factor(size: tuple[int, int]):
    y = normal(*size)
    side = "right" if size[0] >= size[1] else "left"
    polar, _ = scipy.linalg.polar(y.numpy(), side=side)
    assert distance(manifolds.Orthogonal(*size).project(y), torch.from_numpy(polar)) < ROUNDING


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_log_cholesky_coordinates_are_scipys_cholesky_factor(n: int):
    definite = manifolds.PositiveDefinite(n)
    x = point(definite)
    l = torch.from_numpy(scipy.linalg.cholesky(x.numpy(), lower=True))
    z = definite.right_inverse(x)
    assert distance(z.tril(-1), l.tril(-1)) < ROUNDING
    assert distance(z.diagonal(), l.diagonal().log()) < ROUNDING


@pytest.mark.parametrize("n", [1, 2, 5])
def test_generalized_frames_are_projected_by_scipys_square_root(n: int):
    metric = point(manifolds.PositiveDefinite(n + 2))
    frames, y = manifolds.GeneralizedStiefel(n + 2, n, metric=metric), normal(n + 2, n)
    gram = (y.mT @ metric @ y).numpy()
    root = torch.from_numpy(numpy.real(scipy.linalg.sqrtm(gram)))
    assert distance(frames.project(y), y @ root.inverse()) < ROUNDING * frames.condition**2


@pytest.mark.parametrize("size", [(5, 2), (6, 3), (4, 1)], ids=str)
def test_grassmann_moves_by_scipys_principal_angles(size: tuple[int, int]):
    spans = manifolds.Grassmann(*size, map="exponential")
    base = point(spans)
    spans.right_inverse(base)
    p = normal(*size, seed=1)
    tangent = p - base @ (base.mT @ p)
    tangent = tangent / torch.linalg.matrix_norm(tangent, 2)  # angles of at most 1 < pi/2
    angles = scipy.linalg.subspace_angles(base.numpy(), spans(tangent).detach().numpy())
    assert distance(torch.linalg.svdvals(tangent), torch.from_numpy(angles.copy())) < ROUNDING


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_toeplitz_matrix_is_scipys(n: int):
    x = point(manifolds.Toeplitz(n))
    assert torch.equal(x, torch.from_numpy(scipy.linalg.toeplitz(x[:, 0].numpy(), x[0].numpy())))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_scipys_toeplitz_matrix_is_its_own_coordinates(n: int):
    toeplitz = manifolds.Toeplitz(n, strict=True)
    first = normal(2, n).numpy()
    x = torch.from_numpy(scipy.linalg.toeplitz(*first))
    assert distance(toeplitz(toeplitz.right_inverse(x)), x) < ROUNDING


@pytest.mark.parametrize("n", [1, 2, 5])
def test_scipys_circulant_matrix_comes_back(n: int):
    circulant = manifolds.Circulant(n, strict=True)
    x = torch.from_numpy(scipy.linalg.circulant(normal(n).numpy()))
    assert distance(circulant(circulant.right_inverse(x)), x) < ROUNDING


@pytest.mark.parametrize("n", [2, 5])
def test_a_circulant_matrix_is_diagonal_in_scipys_fourier_basis(n: int):
    x = point(manifolds.Circulant(n)).numpy()
    f = scipy.linalg.dft(n, scale="sqrtn")
    values = torch.from_numpy(f @ x @ f.conj().T)
    assert distance(values, torch.diag(torch.from_numpy(numpy.fft.fft(x[:, 0])))) < ROUNDING
