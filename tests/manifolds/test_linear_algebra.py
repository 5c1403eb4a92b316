"""The matrix functions agree with scipy, in value, and with themselves, in every derivative."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from normals import normal
from torch import Tensor

from manifolds import maps
from manifolds.frames.plane_curve import plane_curve
from manifolds.frames.polar_rotation import polar_rotated
from manifolds.frames.reflections import reflected
from manifolds.linear_algebra.algebraic import between, squareplus
from manifolds.linear_algebra.basics import frobenius, largest_norm, total_norm
from manifolds.linear_algebra.contraction import contraction
from manifolds.linear_algebra.exponential import (
    exponential,
    exponential_derivative,
)
from manifolds.linear_algebra.hyperbolic import hyperbolic_tangent
from manifolds.linear_algebra.inverse import accretive_inverse, by_blocks, inverse_change
from manifolds.linear_algebra.lift import hyperbola, view
from manifolds.linear_algebra.log_cholesky import _factor
from manifolds.linear_algebra.orthonormalize import (
    orthonormal_factor,
)
from manifolds.linear_algebra.polar import polar
from manifolds.linear_algebra.range import clip
from manifolds.linear_algebra.rotation import cosine_of_root, sine_of_root_over_root, sine_slope
from manifolds.linear_algebra.symmetry import gram_matrix, plain_sym, skew

EPS = torch.finfo(torch.float64).eps


def relative_error(ours: Tensor, theirs: np.ndarray) -> float:
    reference = torch.as_tensor(theirs)
    return ((ours - reference).norm() / reference.norm()).item()


def wide(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return normal(*shape, seed=seed, dtype=dtype).requires_grad_()


def definite(k: int) -> Tensor:
    a = normal(2, k, k, seed=7)
    return (a @ a.mT + torch.eye(k, dtype=a.dtype)).requires_grad_()


def accretive(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
    a = normal(2, n, n, dtype=dtype)
    return torch.eye(n, dtype=dtype) + a - a.mH


def frame(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return orthonormal_factor(normal(*shape, seed=9, dtype=dtype))


def twice_factor(z: Tensor) -> Tensor:
    """By its own derivative, which few entries do not take."""
    logarithm = z.diagonal(dim1=-2, dim2=-1).real
    return _factor(z, logarithm, torch.full_like(logarithm[..., :1, None], 2))


def cayley(b: Tensor, a: Tensor, u: Tensor | None = None) -> Tensor:
    """The map at the tangent vector that belongs to A and U, B being orthonormalized again."""
    b = polar_of_any(b)
    return maps.cayley.cayley(b, skew(a), None if u is None else u - b @ (b.mH @ u))


SCALES = torch.tensor([[1e-9], [0.5], [3.0]], dtype=torch.float64)


def curve(name: str) -> tuple[Callable[[Tensor, Tensor], Tensor], Callable[[], tuple[Tensor, ...]]]:
    """The curve at unit vectors, and vectors whose tangent parts are of lengths near 0, 1 and 5."""
    return (
        lambda b, p: plane_curve(torch.nn.functional.normalize(b, dim=-1), p, name),
        lambda: (wide(3, 4), SCALES * wide(3, 4, seed=1)),
    )


def rotated(b: Tensor, a: Tensor) -> Tensor:
    """B, orthonormalized again, times the polar factor of I + skew(A)."""
    return polar_rotated(polar_of_any(b), skew(a))


def polar_of_any(y: Tensor) -> Tensor:
    """Of a multiple, which has the same and singular values >= 2."""
    return polar(2 * y / torch.linalg.matrix_norm(y.detach(), -2, keepdim=True))


def tangent(a: Tensor) -> Tensor:
    """Of the Hermitian part."""
    return hyperbolic_tangent((a + a.mH) / 2)


SQUARE, TURN, (TALL, SIDE) = frame(3, 3), frame(2, 2), frame(4, 4).split(2, dim=-1)
COMPLEX, COMPLEX_TURN = (frame(n, 2, dtype=torch.complex128) for n in (4, 2))
FUNCTIONS = {
    "contraction": (contraction, lambda: (wide(2, 4, 3),)),
    "complex contraction": (contraction, lambda: (wide(4, 3, dtype=torch.complex128),)),
    "contraction by Cholesky": (lambda w: contraction(w, 100), lambda: (wide(2, 4, 3),)),
    "squareplus": (squareplus, lambda: (wide(3, 4),)),
    "interval": (lambda q: between(q, -1.0, 3.0), lambda: (wide(3, 4),)),
    "skew part": (skew, lambda: (wide(2, 3, 3),)),
    "complex symmetric part": (plain_sym, lambda: (wide(3, 3, dtype=torch.complex128),)),
    "complex skew part": (skew, lambda: (wide(3, 3, dtype=torch.complex128),)),
    "gram matrix": (gram_matrix, lambda: (wide(2, 4, 3),)),
    "complex gram matrix": (gram_matrix, lambda: (wide(4, 3, dtype=torch.complex128),)),
    "log-Cholesky factor": (twice_factor, lambda: (wide(2, 3, 3),)),
    "complex log-Cholesky factor": (twice_factor, lambda: (wide(3, 3, dtype=torch.complex128),)),
    "exponential": (exponential, lambda: (wide(2, 3, 3),)),
    "complex exponential": (exponential, lambda: (wide(2, 2, dtype=torch.complex128),)),
    "exponential derivative": (exponential_derivative, lambda: (wide(3, 3), wide(3, 3, seed=1))),
    "accretive inverse": (accretive_inverse, lambda: (accretive(3),)),
    "complex accretive inverse": (accretive_inverse, lambda: (accretive(2, torch.complex128),)),
    "cayley": (cayley, lambda: (frame(4, 4), wide(4, 4))),
    "cayley of a batch about one frame": (lambda a: cayley(SQUARE, a), lambda: (wide(2, 3, 3),)),
    "cayley tall": (cayley, lambda: (frame(2, 5, 2), wide(2, 2, 2), wide(2, 5, 2, seed=2))),
    "complex cayley": (
        cayley,
        lambda: (
            frame(4, 2, dtype=torch.complex128),
            wide(2, 2, dtype=torch.complex128),
            wide(4, 2, seed=2, dtype=torch.complex128),
        ),
    ),
    "reflections": (reflected, lambda: (wide(2, 4, 3),)),
    "complex reflections": (reflected, lambda: (wide(4, 3, dtype=torch.complex128),)),
    "square reflections": (reflected, lambda: (wide(3, 3),)),
    "reflections about a frame": (
        lambda p: reflected(p, TALL.expand_as(p), TURN.expand(*p.shape[:-2], 2, 2)),
        lambda: (wide(2, 4, 2),),
    ),
    "complex reflections about a frame": (
        lambda p: reflected(p, COMPLEX, COMPLEX_TURN),
        lambda: (wide(4, 2, dtype=torch.complex128),),
    ),
    "polar tall": (polar_of_any, lambda: (wide(2, 4, 2),)),
    "polar square": (polar_of_any, lambda: (wide(3, 3),)),
    "polar next to a frame": (lambda u: polar(TALL + SIDE @ u / 10), lambda: (wide(2, 2, 2),)),
    "polar rotation": (rotated, lambda: (frame(4, 4), wide(2, 4, 4))),
    "polar rotation at its base": (rotated, lambda: (frame(4, 4), 0 * wide(2, 4, 4))),
    "complex polar rotation": (
        rotated,
        lambda: (wide(2, 2, dtype=torch.complex128), wide(2, 2, dtype=torch.complex128)),
    ),
    "complex polar": (polar_of_any, lambda: (wide(3, 2, dtype=torch.complex128),)),
    "cosine of root": (cosine_of_root, lambda: (torch.tensor([1e-8, 0.5, 2, 40.0]).double(),)),
    "sine of root": (sine_of_root_over_root, lambda: (torch.tensor([0.1, 0.9, 1.1, 9]).double(),)),
    "sine slope": (sine_slope, lambda: (torch.tensor([1e-8, 0.9, 1.1, 9]).double(),)),
    "exponential curve": curve("exponential"),
    "cayley curve": curve("cayley"),
    "projection curve": curve("projection"),
    "hyperbolic tangent": (
        tangent,
        lambda: (torch.tensor([0.1, 4.0])[:, None, None] * wide(2, 3, 3),),
    ),
    "complex hyperbolic tangent": (tangent, lambda: (wide(2, 2, dtype=torch.complex128),)),
    "view from the centre": (lambda p: view(p, 0), lambda: (SCALES * wide(3, 4),)),
    "view from below": (lambda p: view(p, 1), lambda: (SCALES * wide(3, 4),)),
    "hyperbola": (hyperbola, lambda: (SCALES * wide(3, 4),)),
    "clipped": (lambda a: clip(a, 0.5), lambda: (wide(2, 5),)),
}
CASES = [pytest.param(*case, id=name) for name, case in FUNCTIONS.items()]


@pytest.mark.parametrize(("function", "inputs"), CASES)
def test_first_derivatives_are_right_in_both_modes_and_batched(function, inputs):
    arguments = tuple(x.detach().requires_grad_() for x in inputs())
    assert torch.autograd.gradcheck(
        function, arguments, check_forward_ad=True, check_batched_grad=True
    )


@pytest.mark.parametrize(("function", "inputs"), CASES)
def test_second_derivatives_are_right(function, inputs):
    arguments = tuple(x.detach().requires_grad_() for x in inputs())
    assert torch.autograd.gradgradcheck(function, arguments)


@pytest.mark.parametrize(("function", "inputs"), CASES)
def test_vmap_is_the_loop(function, inputs):
    arguments = [torch.stack([x.detach(), 0.7 * x.detach()]) for x in inputs()]
    mapped = torch.func.vmap(function)(*arguments)
    looped = torch.stack([function(*(a[i] for a in arguments)) for i in range(2)])
    torch.testing.assert_close(mapped, looped)


@pytest.mark.parametrize(("function", "inputs"), CASES)
def test_compiled_gradients_are_the_eager_ones(function, inputs):
    torch.compiler.reset()
    compiled = torch.compile(
        lambda *xs: function(*xs).abs().square().sum(), fullgraph=True, backend="aot_eager"
    )
    arguments = [x.detach().requires_grad_() for x in inputs()]
    eager = torch.autograd.grad(function(*arguments).abs().square().sum(), arguments)
    torch.testing.assert_close(torch.autograd.grad(compiled(*arguments), arguments), eager)


@pytest.mark.parametrize("batch", [2, 200])
@pytest.mark.parametrize("n", [1, 2, 17, 33, 100])
def test_the_inverse_by_blocks_is_lapacks(n: int, batch: int):
    s = accretive(n)[:1].expand(batch, n, n)
    expected = torch.linalg.inv(s)
    assert (by_blocks(s) - expected).norm() <= 8 * n * EPS * expected.norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
@pytest.mark.parametrize("size", [1e-5, 0.1, 0.9])
@pytest.mark.parametrize("shape", [(2, 2), (5, 5), (3, 16, 16), (64, 64)])
def test_the_inverse_of_a_skew_matrix_has_the_digits_of_its_change(shape, size, dtype):
    a = normal(*shape, dtype=dtype)
    a = a - a.mH
    a *= size * shape[-1] ** 0.5 / torch.linalg.matrix_norm(a, keepdim=True)
    identity = torch.eye(shape[-1])
    exact = torch.linalg.inv(identity + a.to(torch.complex128)) - identity
    error = torch.linalg.matrix_norm(inverse_change(a, skew=True) - exact)
    limit = 8 * torch.finfo(dtype).eps  # of random matrices it leaves 4 eps, by its Note
    assert (error <= limit * torch.linalg.matrix_norm(exact)).all()


def test_a_large_matrix_is_inverted_with_pivots():
    n = 40
    s = torch.eye(n, dtype=torch.float64) + 1e9 * (accretive(n)[0] - torch.eye(n))
    residual = accretive_inverse(s) @ s - torch.eye(n)
    assert residual.norm() <= 8 * n * EPS * s.norm()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_norms_of_matrices_are_torch_s(dtype):
    a = wide(2, 3, 4, dtype=dtype).detach().mH  # a conjugate that is not carried out yet
    torch.testing.assert_close(frobenius(a), torch.linalg.matrix_norm(a))
    torch.testing.assert_close(total_norm(a), torch.linalg.vector_norm(a))
    assert largest_norm(a) == pytest.approx(torch.linalg.matrix_norm(a).max().item())


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_both_ways_to_a_contraction_agree(dtype):
    w = normal(3, 5, 4, seed=1, dtype=dtype)
    c = contraction(w)
    s = torch.eye(4) + w.mH @ w
    # Cholesky's method loses the condition number of I + WᴴW
    limit = 8 * EPS * torch.linalg.matrix_norm(s, 2).max().item()
    torch.testing.assert_close(contraction(w, 1e3), c, rtol=0, atol=limit)
    rest = torch.linalg.inv(torch.eye(5) + w @ w.mH)
    torch.testing.assert_close(torch.eye(5) - c @ c.mH, rest, rtol=0, atol=limit)
