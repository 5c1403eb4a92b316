"""Sums of eigenvalues as minima over four manifolds; every optimum is known from the spectrum.

- `pca`: -tr XᵀAX over Grassmann(n, k) is minus the sum of the k largest eigenvalues (Fan 1949);
- `brockett`: tr XᵀAXD, D = diag(1, ..., k), over Stiefel: Σ (k + 1 - i) λ_i with λ_1 <= λ_2 <= ...
  (Brockett 1991; Absil, Mahony & Sepulchre 2008, section 4.8);
- `symplectic`: tr XᵀAX over XᵀJX = J is twice the sum of the k smallest symplectic eigenvalues, the
  positive i-multiples in the spectrum of JA (Son, Absil, Gao & Stykel 2021, SIAM J. Matrix Anal.
  Appl. 42, theorem 4.1);
- `unitary`: -tr XᴴHX over the complex Stiefel manifold, H Hermitian (Fan 1949).

Each method solves the problem that its name begins with. A and H have random eigenvectors and the
spectrum 1, ..., 10, equally spaced. Claim: L-BFGS reaches the optimum to 1e-8 on the manifold; not
of `pca-lbfgs`: about a fixed base spans are graphs, and a random one is so nearly orthogonal to the
optimum that the graph is steep and the chart far from isometric. `rebase` mends it.
pymanopt has no symplectic manifold and geoopt neither that nor complex frames.

Fairness: one start per problem and seed, one budget of steps, a rate tuned over `GRID` on a seed
that is not reported for every method that has one. Without the constraint three of the four losses
are unbounded or zero, so what `unconstrained` reaches is no merit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas
import torch
from torch import Tensor

import manifolds
from experiments.methods import Method
from experiments.methods.arms import geoopt, infeasible, named, ours, projected, solvers
from experiments.methods.method import Descend, Family, Loss, lbfgs, parametrized
from experiments.methods.ours import on, rebase
from experiments.methods.peers import polar_factor, torch_orthogonal
from experiments.methods.pymanopt import pymanopt_on
from experiments.runner.claims import at_most, claimed, of_ours, size_of
from experiments.runner.experiment import (
    Claim,
    Context,
    Settings,
    last,
    worst,
)
from experiments.runner.known_optimum import Problem, of_known_optimum, optimization
from experiments.runner.measure import dtype_of
from experiments.runner.trial import Trial

LARGEST_GAP = 1e-8  # on (f - f*) / |f*|
SPECTRUM = (1.0, 10.0)
PENALTY = 100.0  # λ: ten times the largest eigenvalue, so that the penalized loss is bounded below
GRID = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOST_ITERATIONS = 1000  # of pymanopt's solvers, which run whole; those beyond `steps` are not shown


@dataclass(frozen=True)
class Eigen(Settings):
    """A is size × size, X has `columns` columns; both even, as symplectic matrices need."""

    steps: int = 200
    seeds: tuple[int, ...] = (0, 1, 2)
    size: int = 50
    columns: int = 4


def hermitian(size: int, dtype: torch.dtype, generator: torch.Generator) -> Tensor:
    """Return Q diag(1, ..., 10) Qᴴ with a random Q: (n, n)."""
    q, _ = torch.linalg.qr(torch.randn(size, size, dtype=dtype, generator=generator))
    return (q * torch.linspace(*SPECTRUM, size, dtype=torch.float64)) @ q.mH


def quadratic(a: Tensor, d: Tensor) -> Loss:
    """tr XᴴAXD with diagonal D: (n, k) -> ()."""
    return lambda x: ((x.conj() * (a @ x)).real.sum(-2) * d).sum()


def symplectic_eigenvalues(a: Tensor) -> Tensor:
    """Return d_1 <= d_2 <= ..., ±i d_j being the eigenvalues of JA (Williamson 1936)."""
    n = len(a) // 2
    ja = torch.cat([a[n:], -a[:n]])
    return torch.linalg.eigvals(ja).imag.sort().values[n:]


def problem(name: str, settings: Eigen, context: Context) -> Problem:
    """Draw the matrix and the start of one of the four problems."""
    n, k = settings.size, settings.columns
    dtype, sign, weights, manifold = {
        "pca": (torch.float64, -1, torch.ones(k), manifolds.Grassmann(n, k)),
        "brockett": (torch.float64, 1, torch.arange(1, k + 1), manifolds.Orthogonal(n, k)),
        "symplectic": (torch.float64, 1, torch.ones(k), manifolds.SymplecticStiefel(n, k)),
        "unitary": (torch.complex128, -1, torch.ones(k), manifolds.Unitary(n, k)),
    }[name]
    generator, d = context.generator(), sign * weights.double()
    a = hermitian(n, dtype, generator)
    start = manifold.random_point(generator=generator, dtype=dtype)
    if name == "symplectic":
        optimum = 2 * symplectic_eigenvalues(a)[: k // 2].sum()
    else:  # the smallest of eigenvalues and weights in opposite order
        spectrum = torch.linalg.eigvalsh(a)
        optimum = ((spectrum[-k:] if sign < 0 else spectrum[:k].flip(0)) * d).sum()
    like = start.to(context.device, context.dtype.to_complex() if a.is_complex() else context.dtype)
    loss, best = quadratic(a.to(like), d.to(like.real)), optimum.item()
    return Problem(loss, lambda x: (loss(x) - best) / abs(best), like, manifold)


def trial(settings: Eigen, method: Method, context: Context) -> Trial:
    """Return one row per iterate of the problem that the method's name begins with."""
    task = problem(method.name.partition("-")[0], settings, context)
    return optimization(task, settings, method, context)


def claims(settings: Eigen, frame: pandas.DataFrame) -> list[Claim]:
    """L-BFGS reaches the optimum; all of our methods stay on their manifold."""
    rounding = manifolds.tolerance(settings.size, dtype_of(frame))
    optimal = at_most("|gap|", size_of(last("gap")), LARGEST_GAP)
    feasible = at_most("violation", worst("violation"), rounding)
    optimizing, others = claimed(frame, METHODS)
    return [
        *of_ours(optimizing, "the sum of eigenvalues", optimal, feasible),
        *of_ours(others, "stays on the manifold", feasible),
    ]


def orthonormality(x: Tensor) -> Tensor:
    """‖XᴴX - I‖²."""
    return (x.mH @ x - torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)).abs().square().sum()


def symplecticity(x: Tensor) -> Tensor:
    """‖XᵀJX - J‖²."""
    n, k = (size // 2 for size in x.shape)
    j = torch.eye(k, dtype=x.dtype, device=x.device)
    j = torch.cat([torch.cat([0 * j, j], 1), torch.cat([-j, 0 * j], 1)])
    return (x[:n].mT @ x[n:] - x[n:].mT @ x[:n] - j).square().sum()


def pymanopt(manifold: str) -> Callable[[str], Descend]:
    """Return its solvers on a manifold that takes the shape (n, k)."""
    return lambda solver: pymanopt_on(
        lambda sets, x: getattr(sets, manifold)(*x.shape), solver, MOST_ITERATIONS
    )


def torch_lbfgs() -> Method:
    """Return L-BFGS on torch's own parametrization of frames, by Cayley's map."""
    attach = torch_orthogonal("cayley")
    return Method("torch-lbfgs", Family.PEER, parametrized(attach, lbfgs), attach)


METHODS = {
    **named(
        *ours(on(manifolds.Grassmann), rebase, unclaimed="lbfgs"),
        *geoopt("Stiefel"),
        *solvers(pymanopt("Grassmann")),
        *projected(polar_factor),
        *infeasible(orthonormality, PENALTY),
        torch_lbfgs(),
        prefix="pca-",
    ),
    **named(
        *ours(on(manifolds.Orthogonal), rebase),
        *geoopt("Stiefel"),
        *solvers(pymanopt("Stiefel")),
        *projected(polar_factor),
        *infeasible(orthonormality, PENALTY),
        torch_lbfgs(),
        prefix="brockett-",
    ),
    **named(
        *ours(on(manifolds.SymplecticStiefel), rebase),
        *infeasible(symplecticity, PENALTY),
        prefix="symplectic-",
    ),
    **named(
        *ours(on(manifolds.Unitary), rebase),
        *solvers(pymanopt("ComplexGrassmann")),
        *projected(polar_factor),
        *infeasible(orthonormality, PENALTY),
        torch_lbfgs(),
        prefix="unitary-",
    ),
}


EXPERIMENT = of_known_optimum(
    name="eigen_suite",
    summary="sums of eigenvalues over Grassmann, Stiefel, symplectic and unitary frames",
    source="Fan 1949; Brockett 1991; Son, Absil, Gao & Stykel 2021 (SIAM J. Matrix Anal. Appl.)",
    presets={
        "quick": Eigen(),
        "paper": Eigen(steps=1000, seeds=(0, 1, 2, 3, 4), size=2000, columns=10),
    },
    methods=METHODS,
    trial=trial,
    claims=claims,
    grid=GRID,
)
