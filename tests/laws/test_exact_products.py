"""Products of a map are exact whatever the process allows, and the process keeps its setting."""

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from manifolds import Orthogonal, Unitary
from manifolds.operators.exact import (
    SETTINGS,
    Held,
    OfTheProcess,
    Setting,
    exact_arithmetic,
    product,
)
from manifolds.verify.laws.precision import reduced_products
from manifolds.verify.operators import ReducedUnits

CPU = torch.device("cpu")
SETTING = SETTINGS["cpu"]
ROUNDING, REDUCED = 64 * 2.0**-24, 2.0**-9
"""Errors of a product of 8 numbers of size 1: below the one in float32, above the other in bf16."""
MAPS = ("cayley", "exponential", "householder", "polar", "qr")


@pytest.fixture(autouse=True)
def _setting_is_kept() -> Iterator[None]:
    before = torch.backends.fp32_precision, SETTING.read()
    yield
    torch.backends.fp32_precision = before[0]
    SETTING.write(before[1])


def normal(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def error_of_a_product(x: Tensor) -> float:
    return torch.dist(x @ x, (x.double() @ x.double()).float()).item()


def test_the_units_that_stand_for_a_gpu_round_where_the_process_allows_it():
    with ReducedUnits():
        exact = error_of_a_product(normal(8, 8))
        with reduced_products(CPU):
            rough = error_of_a_product(normal(8, 8))
    assert exact < ROUNDING
    assert rough > REDUCED


def test_products_are_exact_within_and_as_allowed_outside():
    with ReducedUnits(), reduced_products(CPU):
        with exact_arithmetic(CPU):
            inside = error_of_a_product(normal(8, 8))
        outside = error_of_a_product(normal(8, 8))
    assert inside < ROUNDING
    assert outside > REDUCED


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_torchs_own_setting_is_what_it_was_after_a_forward(precision: str):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    manifold = Orthogonal(3, 3)
    manifold(manifold.right_inverse(torch.eye(3)))
    after = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(before)
    assert after == precision


def test_a_setting_inherited_from_torch_backends_is_inherited_afterwards():
    torch.backends.fp32_precision = "tf32"
    SETTING.write("none")
    with Held(SETTING):
        assert SETTING.read() == "ieee"
    torch.backends.fp32_precision = "ieee"
    assert SETTING.read() == "ieee"


def test_an_error_gives_the_setting_back():
    with reduced_products(CPU):
        with pytest.raises(ZeroDivisionError), Held(SETTING):
            _ = 1 / 0
        assert SETTING.read() == "bf16"


def test_threads_that_overlap_are_all_exact_and_the_last_one_gives_the_setting_back():
    entered, left, seen = threading.Event(), threading.Event(), []

    def second() -> None:
        with Held(SETTING):
            entered.set()
            left.wait(10)
            seen.append(SETTING.read())

    with reduced_products(CPU):
        with Held(SETTING):
            thread = threading.Thread(target=second)
            thread.start()
            entered.wait(10)
        left.set()
        thread.join(10)
        assert seen == ["ieee"]
        assert SETTING.read() == "bf16"


FUSED = {
    "cayley": "tall_cayley",
    "exponential": "tall_geodesic",
    "polar": "tall_polar",
    "qr": "tall_qr",
}
"""Operators that compute all of a map exactly."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=str)
@pytest.mark.parametrize("map", MAPS)
def test_a_compiled_map_has_no_product_but_exact_ones(map: str, dtype: torch.dtype):
    frames = Unitary if dtype.is_complex else Orthogonal
    manifold, graphs = frames(4, 3, map=map), []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph

    x = torch.linalg.qr(normal(4, 3, dtype=dtype)).Q
    p = manifold.right_inverse(x) + 0.1 * normal(4, 3, dtype=dtype)
    torch._dynamo.reset()
    with reduced_products(CPU):
        y = torch.compile(manifold, fullgraph=True, backend=backend)(p)
    torch._dynamo.reset()
    called = [str(node.target) for graph in graphs for node in graph.graph.nodes]
    assert f"manifolds.{FUSED.get(map, 'product')}.default" in called
    assert not [name for name in called if "matmul" in name]
    # 80 eps of float32: the graph may round in another order; a reduced product is off by 1e-3
    assert torch.dist(y, manifold(p)) < 1e-5


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 4), (4, 2)), ((5, 3, 4), (4, 2)), ((3, 4), (5, 4, 2)), ((3, 4), (4,)), ((4,), (5, 4, 2))],
    ids=str,
)
def test_the_exact_product_broadcasts_as_torch_does(left, right):
    x, y = normal(*left), normal(*right)
    assert torch.allclose(product(x, y), x @ y)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_the_exact_product_has_both_derivatives_in_both_modes(dtype: torch.dtype):
    x, y = normal(2, 3, 4, dtype=dtype), normal(2, 4, 2, dtype=dtype)
    inputs = (x.requires_grad_(), y.requires_grad_())
    assert torch.autograd.gradcheck(product, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(product, inputs, check_fwd_over_rev=True)


def test_the_exact_product_maps_over_a_dimension():
    x, y = normal(5, 3, 4), normal(4, 2)
    assert torch.allclose(torch.vmap(product, in_dims=(0, None))(x, y), x @ y)


@pytest.mark.filterwarnings("ignore:.*TF32:UserWarning")
def test_the_setting_of_torch_before_2_9_reads_like_the_present_one():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with Held(Setting(OfTheProcess())):
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
