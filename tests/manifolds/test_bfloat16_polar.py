"""The polar retraction by bfloat16 products: its error is bounded, and nothing else is computed."""

import copy

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import manifolds
from manifolds import verify
from manifolds.linear_algebra.symmetry import skew
from manifolds.maps.bfloat16_polar import COEFFICIENTS, POLYNOMIAL, shortened

EPS = torch.finfo(torch.float32).eps
U = torch.finfo(torch.bfloat16).eps / 2
SIZES = [(1, 1), (5, 5), (6, 3), (64, 64), (256, 256), (256, 32), (2048, 16)]
SCALES = [0.0, 1e-4, 1e-2, 0.3, 1.0, 10.0, 1e6]


def at_a_random_base(size, **options):
    manifold = manifolds.Orthogonal(*size, map=manifolds.BFloat16Polar(**options))
    x = manifold.random_point(generator=torch.Generator().manual_seed(0))
    manifold.right_inverse(x)
    return manifold, x


def parameters(size, scale, seed=1):
    p = torch.randn(size, generator=torch.Generator().manual_seed(seed))
    return scale * p / torch.linalg.matrix_norm(p, 2)


def rounding(k):
    return 10 * k**0.5 * EPS


def departure(x):
    return (x.double().mT @ x.double() - torch.eye(x.shape[-1], dtype=torch.float64)).norm().item()


def tangent(x, p):
    inner = x.mT @ p
    return skew(p) if x.shape[0] == x.shape[1] else p - x @ (inner + inner.mT) / 2


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_violation_is_at_most_2u_of_the_step(size, scale):
    manifold, x = at_a_random_base(size)
    p = parameters(size, scale)
    step, _ = shortened(tangent(x, p))
    assert torch.linalg.matrix_norm(step, 2) <= 1 + 4 * U
    assert departure(manifold(p)) <= 2 * U * step.norm().item() + rounding(size[1])
    assert manifold.violation(manifold(p)) <= manifold.tolerance(torch.float32)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("tangential", [0.0, 1e-6, 1e-2])
@pytest.mark.parametrize("size", [(6, 3), (256, 32)], ids=str)
def test_parameters_off_the_tangents_leave_no_more(size, tangential, scale):
    manifold, x = at_a_random_base(size)
    normal = parameters((size[1], size[1]), 1.0)
    p = scale * (x @ (normal + normal.mT) + tangential * parameters(size, 1.0, seed=2))
    assert manifold.violation(manifold(p)) <= manifold.tolerance(torch.float32)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_polish_squares_the_violation(size, scale):
    rough, p = departure(at_a_random_base(size)[0](parameters(size, scale))), size[1]
    manifold, _ = at_a_random_base(size, polish=True)
    y = manifold(parameters(size, scale))
    assert departure(y) <= 0.75 * rough**2 + rounding(p)
    assert manifold.violation(y) <= manifold.tolerance(torch.float32)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_assigned_point_is_the_point_read_back(size):
    manifold, x = at_a_random_base(size)
    torch.testing.assert_close(manifold(torch.zeros(size)), x, rtol=0, atol=4 * EPS)


@pytest.mark.parametrize("scale", [1e-3, 0.1, 0.3])
@pytest.mark.parametrize("size", [(5, 5), (64, 64), (40, 8)], ids=str)
def test_point_and_derivative_are_those_of_the_polar_map_to_a_few_u(size, scale):
    manifold, x = at_a_random_base(size)
    exact = manifolds.Orthogonal(*size, map="polar")
    exact.right_inverse(x)
    p, g = parameters(size, scale), parameters(size, 1.0, seed=2)
    values, gradients = [], []
    for f in (manifold, exact):
        q = p.clone().requires_grad_()
        values.append(f(q))
        gradients.append(torch.autograd.grad((g * values[-1]).sum(), q)[0])
    assert (values[0] - values[1]).norm() <= 2 * U * p.norm() + rounding(size[1])
    assert (gradients[0] - gradients[1]).norm() <= 4 * U * gradients[1].norm()


@pytest.mark.parametrize("size", [(5, 5), (6, 3), (16, 16)], ids=str)
def test_the_jacobian_at_the_base_is_an_isometry_of_tangents_to_a_few_u(size):
    manifold, _ = at_a_random_base(size)
    j = torch.func.jacrev(manifold)(torch.zeros(size)).reshape(size[0] * size[1], -1)
    singular = torch.linalg.svdvals(j)
    assert singular[0] <= 1 + 4 * U
    assert singular[manifold.dim - 1] >= (1 - 4 * U) * singular[0]
    assert singular[manifold.dim :].max() <= 4 * U


class Products(TorchDispatchMode):
    """The dtypes of all products, and every other operator of linear algebra, that run within."""

    def __init__(self):
        super().__init__()
        self.dtypes, self.others = set(), set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in {"mm", "bmm", "addmm", "baddbmm"}:
            self.dtypes.add(args[-1].dtype)
        elif "linalg" in name and "norm" not in name:
            self.others.add(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("size", [(5, 5), (6, 3), (4, 6, 3)], ids=str)
def test_forward_and_backward_are_bfloat16_products_alone(size):
    manifold = manifolds.Orthogonal(*size[-2:], map=manifolds.BFloat16Polar())
    p = manifold.right_inverse(manifold.random_point(*size[:-2])).requires_grad_()
    with Products() as found:
        manifold(p).sum().backward()
    assert found.dtypes == {torch.bfloat16}
    assert not found.others


def test_the_polynomial_is_as_good_as_it_says():
    k = torch.linspace(1e-6, 1, 10_000, dtype=torch.float64)
    z = sum(c * k**i for i, c in enumerate(COEFFICIENTS, start=1))
    assert (((1 + k) * (1 + z) ** 2 - 1) / k).abs().max() <= POLYNOMIAL


@pytest.mark.parametrize("size", [(16, 16), (20, 6)], ids=str)
@pytest.mark.parametrize("every", [1, 10])
def test_errors_do_not_add_up_over_moved_bases(size, every):
    layer = torch.nn.Linear(size[1], size[0], bias=False)
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, map=manifolds.BFloat16Polar())
    target = manifolds.Orthogonal(*size).random_point(generator=torch.Generator().manual_seed(3))
    if size[0] == size[1] and torch.linalg.det(layer.weight) * torch.linalg.det(target) < 0:
        target[:, 0] *= -1  # the other component is out of reach
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.2)
    manifolds.Rebase(optimizer, every=every)
    for _ in range(300):
        optimizer.zero_grad()
        (layer.weight - target).square().sum().backward()
        optimizer.step()
    assert departure(layer.parametrizations.weight[0].base_point) <= rounding(size[1])
    assert (layer.weight - target).norm() <= 8 * U * size[1] ** 0.5


@pytest.mark.parametrize("polish", [False, True])
@pytest.mark.parametrize("size", [(5, 5), (6, 3), (3, 6)], ids=str)
def test_the_laws_hold_at_the_tolerance_of_sixteen_bits(size, polish):
    # those of derivatives are read off double precision, whose steps are finer than u
    map_ = manifolds.BFloat16Polar(polish=polish)
    laws = [law for law in verify.LAWS if law.name not in {"drift", "optimizers"}]
    manifold = manifolds.Orthogonal(*size, map=map_)
    assert manifold.tolerance(torch.float32) == max(map_.rounding, 8 * max(size) * EPS)
    verify.check(manifold, dtypes=[torch.float32], laws=laws, huge=1e6, raise_on_failure=True)


def test_a_point_of_sixteen_bits_is_assigned_without_a_warning():
    manifold, _ = at_a_random_base((16, 16))
    strict = manifolds.Orthogonal(16, 16, map=manifolds.BFloat16Polar(), strict=True)
    y = manifold(parameters((16, 16), 1.0))
    torch.testing.assert_close(strict(strict.right_inverse(y)), y, rtol=0, atol=2 * U)


def test_a_complex_frame_is_refused_with_a_way_out():
    manifold = manifolds.Unitary(3, 3, map=manifolds.BFloat16Polar())
    with pytest.raises(TypeError, match="map='polar'"):
        manifold.right_inverse(torch.eye(3, dtype=torch.complex64))


def test_it_survives_a_deep_copy():
    manifold, _ = at_a_random_base((5, 3))
    assert torch.equal(copy.deepcopy(manifold)(torch.zeros(5, 3)), manifold(torch.zeros(5, 3)))
