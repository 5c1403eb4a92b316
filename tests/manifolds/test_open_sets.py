"""An open set says which points it lacks, refuses them in strict mode, and names what has them."""

import inspect
import warnings

import pytest
import torch

import manifolds
from manifolds.catalogue import ENTRIES
from manifolds.catalogue.view import View
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning
from manifolds.verify.subject import subject_of_case

CASES = [next(entry.cases()) for entry in ENTRIES]
OPEN = [case for case in CASES if case().boundary]
DTYPES = (torch.float32, torch.float64)


def lacked(case, dtype):
    """The points outside of the set that lie on its closure, by name."""
    manifold = case()
    outside = subject_of_case(case, dtype, torch.device("cpu")).outside()
    limit = manifold.tolerance(dtype)
    return {name: x for name, x in outside.items() if (manifold.violation(x) <= limit).all()}


LACKED = [
    pytest.param(case, dtype, name, id=f"{case.entry.name}, {dtype}, {name}")
    for case in OPEN
    for dtype in DTYPES
    for name in lacked(case, dtype)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.entry.name)
def test_whoever_has_no_interior_of_its_own_declares_no_boundary(case):
    manifold = case()
    own = type(manifold).interior is not Manifold.interior
    shown = isinstance(manifold, View | manifolds.Joined)  # theirs is that of what they show
    assert bool(manifold.boundary) == own or shown


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.entry.name)
def test_every_open_set_has_boundary_points_to_try(case):
    assert lacked(case, torch.float64)


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.entry.name)
def test_every_open_set_names_what_has_its_boundary(case):
    manifold = case()
    assert manifold.alternative or manifold.closure


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.entry.name)
def test_a_closure_is_a_class_that_the_docstring_names(case):
    closure = case().closure
    named = closure is None or closure.split()[-1] in vars(manifolds)
    assert named
    assert closure is None or " of " in closure or f"`{closure}`" in inspect.getdoc(type(case()))


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.entry.name)
def test_the_docstring_says_what_is_not_reached(case):
    manifold = case()
    text = " ".join(inspect.getdoc(type(manifold)).split())
    view = isinstance(manifold, View | manifolds.Joined)
    assert view or "not reached" in text or "counts as boundary" in text


@pytest.mark.parametrize(("case", "dtype", "name"), LACKED)
def test_strict_mode_refuses_the_boundary_and_says_where_to_go(case, dtype, name):
    manifold = case()
    manifold.strict = True
    with pytest.raises(OffManifoldError) as caught:
        manifold.right_inverse(lacked(case, dtype)[name])
    message = str(caught.value)
    assert f"is open and lacks {manifold.boundary}, where the point lies to rounding" in message
    assert (manifold.alternative or f"{manifold.closure} has them") in message
    assert "strict=False" in message


@pytest.mark.parametrize(("case", "dtype", "name"), LACKED)
def test_elsewhere_the_boundary_is_projected_inside_with_a_warning(case, dtype, name):
    manifold, x = case(), lacked(case, dtype)[name]
    manifold.right_inverse(manifold.random_point(dtype=dtype))
    with pytest.warns(OffManifoldWarning, match="is open and lacks"):
        found = manifold.right_inverse(x)
    y = manifold(*found) if isinstance(found, tuple) else manifold(found)
    manifold.strict = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manifold.right_inverse(y)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.entry.name)
def test_what_rounding_to_16_bit_takes_to_the_boundary_is_accepted_as_it_is(case, dtype):
    manifold, generator = case(), torch.Generator().manual_seed(0)
    manifold.strict = True
    x = manifold.random_point(64, generator=generator, dtype=dtype)
    far = (4 * torch.randn(x.shape, generator=generator)).to(dtype)
    for y in (x, manifold.project(far)):
        found = manifold.right_inverse(y)
        back = manifold(*found) if isinstance(found, tuple) else manifold(found)
        change, size = (t.reshape(64, -1) for t in (back.double() - y, y.double()))
        rounding = 2 * torch.finfo(dtype).eps * size.norm(dim=1) + torch.finfo(dtype).tiny
        assert (change.norm(dim=1) <= rounding).all()
        manifold.right_inverse(back)


@pytest.mark.parametrize("low", [0.0, -1.0, 0.1, -5.0])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_points_of_an_interval_do_not_round_to_its_ends(dtype, low):
    interval = manifolds.Interval(low=low, high=1.0)
    drawn = interval.random_point(10_000, generator=torch.Generator().manual_seed(0), dtype=dtype)
    for x in (drawn, interval.project(torch.tensor([low, 1.0, -9.0, 9.0], dtype=dtype))):
        assert ((x > low) & (x < 1)).all()


@pytest.mark.parametrize("coupling", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("distance", [1e-8, 1e-6, 1e-4, 1e-2])
def test_stable_matrices_next_to_the_boundary_come_back(distance: float, coupling: float):
    manifold, generator = manifolds.SchurStable(3), torch.Generator().manual_seed(0)
    noise = torch.randn(2, 16, 3, 3, generator=generator, dtype=torch.float64)
    values = 1 - distance * torch.tensor([1.0, 3.0, 10.0], dtype=torch.float64)
    q, t = torch.linalg.qr(noise[0])[0], coupling * noise[1].triu(1) + torch.diag(values)
    x = manifold.project(q @ t @ q.mT)
    errors = (manifold(*manifold.right_inverse(x)) - x).abs().amax((-2, -1))
    assert (errors <= manifold.tolerance(x.dtype) * x.abs().amax((-2, -1))).all()
