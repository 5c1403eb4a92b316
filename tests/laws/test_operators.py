"""What makes the host wait for a GPU is found without one."""

import math

import pytest
import torch
from torch import Tensor

from manifolds import Orthogonal
from manifolds.catalogue import ENTRIES
from manifolds.linear_algebra import basics
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.polar import polar
from manifolds.linear_algebra.sylvester import solved_by_signs, solved_in_eigenbasis
from manifolds.linear_algebra.symmetry import sym
from manifolds.verify import LAWS
from manifolds.verify.law import Law
from manifolds.verify.laws.lifecycle import value_and_gradient
from manifolds.verify.measure import measure
from manifolds.verify.operators import Recorder, complaints_of
from manifolds.verify.selection import DOUBLE, SINGLE, plan
from manifolds.verify.subject import Subject

CPU = torch.device("cpu")
BY_NAME = {law.name: law for law in LAWS}


def fast(*names: str, dtypes: tuple[torch.dtype, ...] = (SINGLE, DOUBLE)) -> list:
    """The fast selection of some laws as parameters of a test."""
    chosen = [BY_NAME[name] for name in names]
    planned = plan(ENTRIES, chosen, dtypes=dtypes, device=CPU)
    return [pytest.param(law, s, id=f"{law.name}-{s.label}-{s.dtype}") for law, s in planned.checks]


@pytest.fixture
def gpu_branches(monkeypatch):
    """On this CPU, the code that runs where the host cannot read numbers."""
    monkeypatch.setattr(basics, "HOST", "no device")


def meta(*shape: int) -> Tensor:
    return torch.empty(*shape, device="meta")


def square_matrix() -> Tensor:
    return meta(3, 3)


WAITS = {
    "inv": torch.linalg.inv,
    "solve": lambda a: torch.linalg.solve(a, a),
    "cholesky": torch.linalg.cholesky,
    "cholesky_solve": lambda a: torch.cholesky_solve(a, a),
    "eigh": torch.linalg.eigh,
    "svd": torch.linalg.svd,
    "matrix_exp": torch.linalg.matrix_exp,
    "item": lambda a: a.sum().item(),
    "branch": lambda a: a if a.sum() > 0 else -a,
    "nonzero": torch.nonzero,
    "mask": lambda a: a[a > 0],
    "tensor from the host": lambda a: a + torch.ones(3, 3).to(a),
    "number copied from the host": lambda a: a * torch.tensor(2.0).to(a),
    "choice of a number on the host": lambda a: torch.where(a > 0, a, torch.tensor(2.0)),
    "product with the host": lambda a: a @ torch.ones(3, 3),
    "copy to the host": lambda a: a.cpu(),
}
DOES_NOT_WAIT = {
    "inv_ex": lambda a: torch.linalg.inv_ex(a).inverse,
    "cholesky_ex": lambda a: torch.linalg.cholesky_ex(a).L,
    "solve_triangular": lambda a: torch.linalg.solve_triangular(a, a, upper=True),
    "qr": torch.linalg.qr,
    "slogdet": torch.linalg.slogdet,
    "where": lambda a: torch.where(a > 0, a, 1.0),
    "number from the host": lambda a: a * torch.tensor(2.0),
    "our own operator": polar,
}


@pytest.mark.parametrize("function", WAITS.values(), ids=WAITS)
def test_what_waits_for_a_gpu_is_found(function):
    assert complaints_of(function, square_matrix())


@pytest.mark.parametrize("function", DOES_NOT_WAIT.values(), ids=DOES_NOT_WAIT)
def test_what_does_not_wait_is_let_pass(function):
    assert not complaints_of(function, square_matrix())


def test_the_inside_of_our_operators_is_seen():
    with Recorder() as recorder:
        polar(square_matrix())
    assert "linalg_inv_ex" in recorder.seen


def test_the_derivative_is_seen_too():
    class Hidden(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):  # noqa: ARG004 -- autograd's signature
            return a.clone()

        @staticmethod
        def backward(ctx, g):  # noqa: ARG004
            return torch.linalg.eigh(g).eigenvectors

    complaints = complaints_of(value_and_gradient, Hidden.apply, (square_matrix(),), meta(3, 3))
    assert complaints == ["_linalg_eigh waits for the device"]


@pytest.mark.parametrize("condition", [1.0, 1e2, 1e4], ids=str)
def test_both_ways_to_solve_sylvesters_equation_leave_a_residual_of_rounding(condition: float):
    generator = torch.Generator().manual_seed(0)
    g, c = (torch.randn(20, 6, 6, generator=generator, dtype=DOUBLE) for _ in range(2))
    q = torch.linalg.qr(g).Q
    h = sym(q * torch.logspace(0, math.log10(condition), 6, dtype=DOUBLE) @ q.mT)
    for solved in (solved_by_signs, solved_in_eigenbasis):
        omega = solved(h, c)
        residual = (h @ omega + omega @ h - c).abs().max() / (h.abs().max() * omega.abs().max())
        assert residual <= 8 * 6 * torch.finfo(DOUBLE).eps


@pytest.mark.usefixtures("gpu_branches")
@pytest.mark.parametrize(("law", "subject"), fast("on_manifold"))
def test_what_a_gpu_computes_is_on_the_manifold(law: Law, subject: Subject):
    row = measure(law, subject)
    assert row.passed, row.sentence()


@pytest.mark.usefixtures("gpu_branches")
def test_a_frame_far_from_orthonormal_becomes_a_frame_in_blind_steps():
    far = torch.tensor([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]], dtype=DOUBLE)
    bad = torch.stack([far, 0 * far, far * torch.nan, far / 0])
    q = orthonormalize(bad)
    assert Orthogonal(3, 2).violation(q).max() <= 8 * 3 * torch.finfo(DOUBLE).eps


@pytest.mark.usefixtures("gpu_branches")
@pytest.mark.parametrize("error", [0.0, 1e-6, 0.1, -0.1, 0.49, -0.49])
@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE], ids=str)
def test_blind_steps_give_the_nearest_frame(error: float, dtype: torch.dtype):
    generator = torch.Generator().manual_seed(0)
    x = torch.linalg.qr(torch.randn(9, 4, generator=generator, dtype=DOUBLE)).Q
    values = torch.tensor([1 + error, 1.0, 1.0, 1.0], dtype=DOUBLE).sqrt()
    v = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=DOUBLE)).Q
    q = orthonormalize((x @ (v * values) @ v.T).to(dtype))
    assert (q - x).norm() <= 4 * 4**0.5 * torch.finfo(dtype).eps
