"""The maps that take many small matrices at once."""

import math

import pytest
import torch
from normals import normal
from torch import Tensor

import manifolds
from manifolds.frames.geodesic import rotated
from manifolds.frames.turned import ROUNDING_KNOWN, turned
from manifolds.linear_algebra import many
from manifolds.linear_algebra.orthonormalize import BASE_ROUNDING, ROUNDING, orthonormal_factor
from manifolds.linear_algebra.range import angle_limit
from manifolds.linear_algebra.symmetry import skew

EPS = torch.finfo(torch.float64).eps
DTYPES = [torch.float64, torch.complex128]
MAPS = {"cayley": turned, "exponential": rotated}


def frames(n: int, dtype: torch.dtype, number: int = many.MANY) -> Tensor:
    return orthonormal_factor(normal(number, n, n, seed=9, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_largest_error_is_that_of_the_worst_matrix(dtype: torch.dtype):
    q = frames(4, dtype)
    q[17] *= 1.5
    expected = torch.linalg.matrix_norm(q.mH @ q - torch.eye(4, dtype=dtype)).max()
    assert many.largest_error(many.batch_last(q)) == pytest.approx(expected.item())


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3, 1e12])
@pytest.mark.parametrize("n", [1, 2, 5, many.SMALL, many.SMALL + 1])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_many_matrices_are_turned_as_one_by_one(
    name: str, dtype: torch.dtype, n: int, scale: float
):
    b, p = frames(n, dtype), scale * normal(many.MANY, n, n, dtype=dtype)
    one_by_one = torch.stack([MAPS[name](*pair) for pair in zip(b, p, strict=True)])
    x = MAPS[name](b, p)
    # angles lose eps ‖A‖; those of the Cayley map, between ±π, no more than 1 / ‖A‖ beyond √eps
    stretch = scale if name == "exponential" else min(scale, 1 / scale / EPS)
    assert (x - one_by_one).abs().max() <= 64 * n * EPS * max(1, stretch)


@pytest.mark.parametrize("scale", [1e-9, 0.1, 3.0])
@pytest.mark.parametrize("batch", [(many.MANY,), (many.MANY // 2, 2)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_the_gradients_of_many_matrices_are_those_of_each(
    name: str, dtype: torch.dtype, batch: tuple[int, ...], scale: float
):
    shape = (*batch, 3, 3)
    b, g = frames(3, dtype).view(shape), normal(*shape, seed=1, dtype=dtype)
    p = (scale * normal(*shape, dtype=dtype)).requires_grad_()
    (ours,) = torch.autograd.grad(MAPS[name](b, p), p, g)
    triples = zip(*(t.flatten(0, -3) for t in (b, p, g)), strict=True)
    slopes = [torch.autograd.grad(MAPS[name](b, p), p, g)[0] for b, p, g in triples]
    assert (ours - torch.stack(slopes).view(shape)).abs().max() <= 64 * 3 * EPS * g.abs().max()


@pytest.mark.parametrize("name", MAPS)
def test_a_matrix_that_is_not_a_number_spoils_no_other(name: str):
    b, p = frames(4, torch.float64).float(), 1e3 * normal(many.MANY, 4, 4).float()
    b[1:] += 1e-3 * normal(many.MANY - 1, 4, 4, seed=1).float()  # to be polished
    p[0] = torch.nan
    assert error(MAPS[name](b, p)[1:]).max() <= ROUNDING


@pytest.mark.parametrize("scale", [0.0, 1e-2, 1.0])
@pytest.mark.parametrize("short", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_what_many_bases_are_off_is_taken_off_their_points(name: str, short, scale: float):
    b, p = frames(4, torch.float64).to(short).float(), scale * normal(many.MANY, 4, 4).float()
    assert error(b).max() > 100 * ROUNDING
    assert error(MAPS[name](b, p)).max() <= ROUNDING


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_derivatives_of_many_matrices_are_right(name: str, dtype: torch.dtype):
    b = frames(2, dtype)

    def function(p: Tensor) -> Tensor:
        return MAPS[name](b, p.expand(b.shape))[::40]

    p = normal(2, 2, dtype=dtype).requires_grad_()
    assert torch.autograd.gradcheck(function, p, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(function, p)


@pytest.mark.parametrize("name", MAPS)
def test_compiled_gradients_of_many_matrices_are_the_eager_ones(name: str):
    torch.compiler.reset()
    b, p = frames(3, torch.float64), normal(many.MANY, 3, 3).requires_grad_()
    compiled = torch.compile(MAPS[name], fullgraph=True, backend="aot_eager")
    g = normal(many.MANY, 3, 3, seed=5)
    ours, eager = (torch.autograd.grad(f(b, p), p, g) for f in (compiled, MAPS[name]))
    torch.testing.assert_close(ours, eager)


@pytest.mark.parametrize("n", [3, many.SMALL + 1])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_a_parameter_that_is_clipped_has_no_gradient(name: str, n: int, dtype: torch.dtype):
    b, p = frames(n, dtype), normal(many.MANY, n, n, dtype=dtype)
    p[0, 0, 1] = 2 * angle_limit(p)
    (gradient,) = torch.autograd.grad(MAPS[name](b, p.requires_grad_()).abs().sum(), p)
    assert gradient[0, 0, 1].real == 0
    assert (gradient[1:, 0, 1].real != 0).all()


def error(q: Tensor) -> Tensor:
    """‖QᵀQ - I‖ in float64, in √k eps of the dtype of Q."""
    e = q.double().mT @ q.double() - torch.eye(q.shape[-1], dtype=torch.float64)
    return torch.linalg.matrix_norm(e) / math.sqrt(q.shape[-1]) / torch.finfo(q.dtype).eps


def worst_bases(k: int, number: int) -> Tensor:
    """Float32 frames with all the error that a base may have."""
    q = frames(k, torch.float64, number)
    e = normal(number, k, k, seed=3)
    e = e + e.mT
    e = (
        e
        / torch.linalg.matrix_norm(e, keepdim=True)
        * math.sqrt(k)
        * torch.finfo(torch.float32).eps
    )
    return (q + (BASE_ROUNDING - 0.1) / 2 * q @ e).float()


def of_size(size: float, k: int, number: int) -> Tensor:
    """Skew A with ‖A/2‖ = size, in float32."""
    a = skew(normal(number, k, k, seed=4))
    return (2 * size * a / torch.linalg.matrix_norm(a, keepdim=True)).float()


@pytest.mark.parametrize("size", [1e-4, 1e-2, 0.99 * ROUNDING_KNOWN])
@pytest.mark.parametrize("k", [2, 5, many.SMALL])
def test_rounding_that_is_known_needs_no_look(monkeypatch, k: int, size: float):
    monkeypatch.setattr(many, "largest_error", None)  # a look would be an error
    b = worst_bases(k, 4000)
    assert error(b).max() > 0.9 * BASE_ROUNDING
    assert error(turned(b, of_size(size, k, 4000))).max() <= ROUNDING


def test_rounding_that_is_not_known_is_looked_at(monkeypatch):
    monkeypatch.setattr(many, "largest_error", None)
    b, a = worst_bases(4, many.MANY), of_size(1.01 * ROUNDING_KNOWN, 4, many.MANY)
    with pytest.raises(TypeError):
        turned(b, a)


@pytest.mark.parametrize("short", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_a_base_cast_from_a_shorter_dtype_is_polished(short: torch.dtype):
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(frames(4, torch.float64))
    manifolds.constrain(module, "weight", manifolds.Orthogonal)
    long = torch.float64 if short is torch.float32 else torch.float32
    parameters = module.to(short).to(long).parametrizations["weight"].original
    parameters.data.copy_(of_size(1e-2, 4, many.MANY))
    assert error(module.weight).max() <= ROUNDING


@pytest.mark.parametrize("number", [1, many.MANY])
@pytest.mark.parametrize("name", MAPS)
def test_the_gradient_is_that_of_the_forward_whatever_is_written_behind_it(name: str, number: int):
    b, p, g = frames(6, torch.float64, number), normal(number, 6, 6), normal(number, 6, 6, seed=1)
    p.requires_grad_()
    expected, found = MAPS[name](b, p), MAPS[name](b, p)
    (expected,) = torch.autograd.grad(expected, p, g)
    p.data.zero_()  # as one who moves the base before he calls for gradients
    (found,) = torch.autograd.grad(found, p, g)
    assert torch.equal(found, expected)


def test_a_base_beyond_the_range_of_its_square_is_polished():
    b, p = torch.ones(many.MANY, 1, 1, dtype=torch.float64), normal(many.MANY, 1, 1)
    b[3] = 1e200
    assert torch.equal(turned(b, 0.05 * p / p.abs().max()), torch.ones_like(b))
