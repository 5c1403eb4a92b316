"""Transforms of torch.func inside torch.compile: the derivative, or a word that there is none."""

import warnings

import pytest
import torch
from normals import normal
from torch import Tensor

import manifolds
from manifolds.catalogue import ENTRIES
from manifolds.frames.cayley import quotient
from manifolds.frames.polar_rotation import polar_rotated
from manifolds.frames.qr_rotation import qr_rotated
from manifolds.frames.tall_qr import tall_qr
from manifolds.frames.turned import turned
from manifolds.linear_algebra.exponential import expm1
from manifolds.linear_algebra.many import MANY
from manifolds.maps import MAPS as FRAMES
from manifolds.operators.traced import SECOND

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the compiler, about itself

B, G, V = (
    torch.eye(4, dtype=torch.float64),
    *torch.randn(2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)),
)
MAPS = {
    "cayley": lambda p: turned(B, p),
    "tall cayley": lambda p: quotient(B, 2 * B + p, p @ p.mT),
    "exponential": expm1,
    "polar": lambda p: polar_rotated(B, p),
    "qr": lambda p: qr_rotated(B, p),
    "tall qr": lambda p: tall_qr(B, p),
}
TRANSFORMS = {
    "grad": lambda f: torch.func.grad(lambda p: (f(p) * G).sum()),
    "vjp": lambda f: lambda p: torch.func.vjp(f, p)[1](G)[0],
}


def compiled(function, *, fullgraph: bool = True):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=fullgraph, backend="aot_eager")


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", MAPS)
def test_a_derivative_inside_a_compiled_function_is_the_derivative(name: str, transform: str):
    derivative = TRANSFORMS[transform](MAPS[name])
    torch.testing.assert_close(compiled(derivative)(V), derivative(V))


CASES = {
    f"{c.entry.name} {c.choices}": c for e in reversed(ENTRIES) for c in reversed([*e.cases()])
}
"""One size of every manifold with its options, the typical one."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_gradient_inside_a_compiled_function_is_the_gradient(case):
    manifold = case()
    dtype = torch.float64 if manifold.real_form else torch.complex128
    x = manifold.random_point(dtype=dtype, generator=torch.Generator().manual_seed(0))
    found = manifold.right_inverse(x)
    parameters = (found,) if isinstance(found, Tensor) else found
    weights = manifold.random_point(dtype=dtype, generator=torch.Generator().manual_seed(1))

    def loss(*p: Tensor) -> Tensor:
        return (manifold(*p) * weights.conj()).real.sum()

    gradient = torch.func.grad(loss, argnums=tuple(range(len(parameters))))
    torch.testing.assert_close(compiled(gradient)(*parameters), gradient(*parameters))


MAPPED = [
    *(manifolds.Orthogonal(*size, map=name) for name in FRAMES for size in ((4, 4), (4, 2))),
    manifolds.Sphere(4),
    manifolds.SpecialUnitary(3),
    manifolds.PositiveDefinite(3),
    manifolds.DoublyStochastic(3),
]


@pytest.mark.parametrize("manifold", MAPPED, ids=str)
def test_vmap_inside_a_compiled_function_maps(manifold):
    dtype = torch.float64 if manifold.real_form else torch.complex128
    x = manifold.random_point(3, dtype=dtype, generator=torch.Generator().manual_seed(0))
    p = manifold.right_inverse(x)
    manifold.right_inverse(x[0])
    p = p + torch.linspace(-1, 1, p.numel(), dtype=dtype).reshape(p.shape)
    with torch.no_grad():
        torch.testing.assert_close(compiled(torch.func.vmap(manifold))(p), manifold(p))


def test_a_gradient_under_vmap_in_a_whole_graph_is_refused():
    mapped = torch.func.vmap(MAPS["cayley"])
    with pytest.raises(RuntimeError) as caught:
        compiled(mapped)(V.expand(3, 4, 4))
    assert "leading dimensions" in str(caught.value.__cause__ or caught.value)


def test_a_gradient_under_vmap_outside_of_a_whole_graph_is_the_gradient():
    mapped = torch.func.vmap(MAPS["cayley"])
    p = V.expand(3, 4, 4).clone().requires_grad_()
    (found,) = torch.autograd.grad((compiled(mapped, fullgraph=False)(p) * G).sum(), p)
    torch.testing.assert_close(found, torch.autograd.grad((mapped(p) * G).sum(), p)[0])


def tangent(p: Tensor) -> Tensor:
    return torch.func.jvp(MAPS["cayley"], (p,), (G,))[1]


def test_forward_mode_in_a_whole_graph_is_refused():
    with pytest.raises(RuntimeError):
        compiled(tangent)(V)


def test_forward_mode_outside_of_a_whole_graph_is_the_derivative():
    torch.testing.assert_close(compiled(tangent, fullgraph=False)(V), tangent(V))


def test_a_tangent_of_other_variables_compiles():
    def of_the_input(x: Tensor) -> Tensor:
        return torch.func.jvp(lambda x: x @ turned(B, V), (x,), (G,))[1]

    torch.testing.assert_close(compiled(of_the_input)(B), of_the_input(B))


def test_two_levels_of_derivatives_are_warned_of():
    def second(p: Tensor) -> Tensor:
        return torch.func.grad(lambda q: (TRANSFORMS["grad"](MAPS["cayley"])(q) * V).sum())(p)

    with pytest.warns(UserWarning, match=SECOND[:40]):
        compiled(second)(V)


WEIGHT = torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(4, 4)


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.parametrize("name", FRAMES)
def test_a_penalty_on_gradients_of_the_input_has_a_gradient_in_the_parameters(name: str):
    frame = manifolds.Orthogonal(4, 4, map=name)
    frame.right_inverse(B)

    def penalty(p: Tensor) -> Tensor:
        return torch.func.grad(lambda x: (x @ frame(p)).pow(3).sum())(G).pow(2).sum()

    def gradient(f) -> Tensor:
        p = WEIGHT.clone().requires_grad_()
        return torch.autograd.grad(f(p) + p.sum(), p)[0]

    torch.testing.assert_close(gradient(compiled(penalty, fullgraph=False)), gradient(penalty))


def test_a_penalty_on_gradients_of_the_input_in_a_whole_graph_is_refused():
    frame = manifolds.Orthogonal(4, 4)
    frame.right_inverse(B)
    layer = torch.nn.Linear(4, 4, dtype=torch.float64)
    manifolds.constrain(layer, "weight", frame)

    def penalty() -> Tensor:
        return torch.func.grad(lambda x: layer(x).pow(3).sum())(G).pow(2).sum()

    with pytest.raises(RuntimeError, match="NotImplementedError"):
        compiled(penalty)().backward()


def tangent_of(f, p: Tensor) -> Tensor:
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(p, torch.ones_like(p))
        return torch.autograd.forward_ad.unpack_dual(f(dual)).tangent


@pytest.mark.parametrize("manifold", [manifolds.Orthogonal(4, 4), manifolds.Sphere(4)], ids=str)
def test_a_tangent_of_a_compiled_map_is_right_or_refused(manifold):
    manifold.right_inverse(B if manifold.size == (4, 4) else B[0])
    p = WEIGHT if manifold.size == (4, 4) else WEIGHT[0]
    found = tangent_of(compiled(manifold, fullgraph=False), p)
    torch.testing.assert_close(found, tangent_of(manifold, p))
    with pytest.raises(RuntimeError):
        tangent_of(compiled(manifold), p)


def test_a_tangent_within_a_compiled_function_is_right():
    found = compiled(lambda p: tangent_of(MAPS["cayley"], p), fullgraph=False)(WEIGHT)
    torch.testing.assert_close(found, tangent_of(MAPS["cayley"], WEIGHT))


@pytest.mark.parametrize("name", ["cayley", "exponential"])
def test_gradients_under_vmap_are_right_outside_of_a_whole_graph_and_refused_in_one(name: str):
    frame = manifolds.Orthogonal(4, 4, map=name)
    frame.right_inverse(B)
    each = torch.func.vmap(torch.func.grad(lambda p: (frame(p) * G).sum()))
    p = torch.stack([WEIGHT, V])
    torch.testing.assert_close(compiled(each, fullgraph=False)(p), each(p))
    with pytest.raises(RuntimeError):
        compiled(each)(p)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("size", [(4, 4), (5, 3), (16, 16)], ids=str)
def test_a_batch_of_any_size_is_exported_once(size: tuple[int, int], name: str):
    frame = manifolds.Orthogonal(*size, map=name)
    frame.right_inverse(torch.eye(*size))
    # what the Cayley map keeps of small matrices lies otherwise from `MANY` on
    most = MANY - 1 if (size, name) == ((4, 4), "cayley") else 2 * MANY
    p = torch.randn(most, *size, generator=torch.Generator().manual_seed(0))
    batches = {"parameters": ({0: torch.export.Dim("batch", min=2, max=most)},)}
    program = torch.export.export(frame, (p[:3],), dynamic_shapes=batches).module()
    for number in (2, 16, most):
        torch.testing.assert_close(program(p[:number]), frame(p[:number]), rtol=0, atol=0)


def test_a_complex_contraction_has_its_gradient_in_compiled_code():
    torch.compiler.reset()
    ball, p = manifolds.SpectralBall(4, 3), normal(2, 4, 3, dtype=torch.complex64)
    gradients = []
    for function in (ball, torch.compile(ball, fullgraph=True)):
        q = p.clone().requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # inductor leaves complex code to torch
            gradients += torch.autograd.grad(function(q).real.sum(), q)
    torch.testing.assert_close(*gradients)
