"""Which library has which manifold of the catalogue, and one step of it: forward, backward, SGD."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from experiments.methods.method import Descend, parametrized, weight_of
from experiments.methods.ours import rank_of
from experiments.methods.peers import geoopt_on, torch_orthogonal
from experiments.methods.pymanopt import Set, frames, many, pymanopt_steps

KRONECKER = 16
Peer = Callable[[Tensor], Descend | None]  # of the start; None: not of such points


def geotorch(function: str, **options: object) -> Peer:
    """Constrain by `geotorch.FUNCTION`, at the random point where it starts."""

    def attach(module: nn.Module) -> nn.Module:
        getattr(import_module("geotorch"), function)(module, "weight", **options)
        return module

    return lambda _: parametrized(attach)


def geotorch_invertible() -> Peer:
    """Constrain by `geotorch.GLp` from the identity: it refuses some of its own random starts."""

    def attach(module: nn.Module) -> nn.Module:
        x = weight_of(module)
        with torch.no_grad():
            x.copy_(torch.eye(x.shape[-1]).expand(x.shape))
        parametrization = import_module("geotorch").GLp(x.shape)
        nn.utils.parametrize.register_parametrization(module, "weight", parametrization)
        return module

    return lambda _: parametrized(attach)


def geotorch_of_rank(function: str) -> Peer:
    """The same with the rank of the start."""
    return lambda x: geotorch(function, rank=rank_of(x.flatten(0, -3)[0] if x.ndim > 2 else x))(x)


def geotorch_hurwitz() -> Peer:
    """Constrain by `geotorch.Hurwitz`, which solves an n² x n² system: up to n = 16 here."""

    def attach(module: nn.Module) -> nn.Module:
        parametrization = import_module("geotorch").Hurwitz(weight_of(module).shape)
        nn.utils.parametrize.register_parametrization(module, "weight", parametrization)
        module.weight = parametrization.sample()
        return module

    return lambda x: parametrized(attach) if x.shape[-1] <= KRONECKER else None


def geoopt(manifold: str | Callable[[Any, Tensor], Any], **options: Any) -> Peer:
    """Riemannian SGD, retraction by the library's default."""
    return lambda _: geoopt_on(manifold, "RiemannianSGD", **options)


def rotations_and_definite(library: Any, x: Tensor) -> Any:
    """The product that `Joined` has in the catalogue, (*batch, 2n²), by geoopt."""
    n = math.isqrt(x.shape[-1] // 2)
    factors = (library.Stiefel(), library.SymmetricPositiveDefinite())
    return library.ProductManifold(*((factor, (n, n)) for factor in factors))


def unitary_group(x: Tensor) -> Descend | None:
    """pymanopt's, which has square matrices alone."""
    if x.shape[-2] != x.shape[-1]:
        return None
    return pymanopt(lambda sets, x: sets.UnitaryGroup(x.shape[-1], **many(x)))(x)


def torch_frames() -> Peer:
    """`torch.nn.utils.parametrizations.orthogonal` by its default map."""
    return lambda _: parametrized(torch_orthogonal())


def torch_spectral_norm() -> Peer:
    """`torch.nn.utils.parametrizations.spectral_norm`: one power iteration a step, to 1."""
    return lambda x: None if x.ndim > 2 else parametrized(parametrizations.spectral_norm)


def torch_weight_norm() -> Peer:
    """`torch.nn.utils.parametrizations.weight_norm` of rows, the norms frozen at 1."""

    def attach(module: nn.Module) -> nn.Module:
        parametrizations.weight_norm(module, dim=0)
        held: Any = module.parametrizations.weight  # type: ignore[union-attr]
        held.original0.requires_grad_(requires_grad=False)
        return module

    return lambda _: parametrized(attach)


def pymanopt(manifold: Set, **turned: Any) -> Peer:
    """Gradient descent by a manifold of pymanopt, which has batches and computes on a CPU."""
    steps = pymanopt_steps(manifold, **turned)
    return lambda x: steps if x.device.type == "cpu" else None


def pymanopt_of_one(manifold: Set, **turned: Any) -> Peer:
    """The same of a manifold that has no batches."""
    find = pymanopt(manifold, **turned)
    return lambda x: None if x.ndim > 2 else find(x)


def factor(x: Tensor) -> list[Tensor]:
    """Y with X = YYᵀ, of the rank of X."""
    values, vectors = torch.linalg.eigh(x)
    r = rank_of(x)
    return [vectors[:, -r:] * values[-r:].sqrt()]


def square(y: Tensor) -> Tensor:
    """YYᵀ."""
    return y @ y.mT


def factors(x: Tensor) -> list[Tensor]:
    """U, s and Vᵀ of X = U diag(s) Vᵀ, of the rank of X."""
    r = rank_of(x)
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    return [u[:, :r], s[:r], vt[:r]]


def product(u: Tensor, s: Tensor, vt: Tensor) -> Tensor:
    """U diag(s) Vᵀ."""
    return (u * s) @ vt


UNIT_ROWS = {"inward": lambda x: [x.mT], "outward": lambda x: x.mT}
PEERS: dict[str, dict[str, Peer]] = {
    "Symmetric": {
        "geotorch": geotorch("symmetric"),
        "pymanopt": pymanopt(lambda sets, x: sets.Symmetric(x.shape[-1], **many(x))),
    },
    "Skew": {
        "geotorch": geotorch("skew"),
        "pymanopt": pymanopt(lambda sets, x: sets.SkewSymmetric(x.shape[-1], **many(x))),
    },
    "Positive": {"pymanopt": pymanopt(lambda sets, x: sets.Positive(*x.shape))},
    "Sphere": {
        "torch": torch_weight_norm(),
        "geotorch": geotorch("sphere"),
        "geoopt": geoopt("Sphere"),
        "pymanopt": pymanopt(lambda sets, x: sets.Oblique(*x.mT.shape), **UNIT_ROWS),
    },
    "Oblique": {"pymanopt": pymanopt_of_one(lambda sets, x: sets.Oblique(*x.shape))},
    "Orthogonal": {
        "torch": torch_frames(),
        "geotorch": geotorch("orthogonal"),
        "geoopt": geoopt("Stiefel"),
        "pymanopt": pymanopt(frames),
    },
    "SpecialOrthogonal": {
        "torch": torch_frames(),
        "geotorch": geotorch("orthogonal"),
        "geoopt": geoopt("Stiefel"),
        "pymanopt": pymanopt(lambda sets, x: sets.SpecialOrthogonalGroup(x.shape[-1], **many(x))),
    },
    "Unitary": {"torch": torch_frames(), "pymanopt": unitary_group},
    "Grassmann": {
        "geotorch": geotorch("grassmannian"),
        "pymanopt": pymanopt(lambda sets, x: sets.Grassmann(*x.shape[-2:], **many(x))),
    },
    "PoincareBall": {
        "geoopt": geoopt("PoincareBall"),
        "pymanopt": pymanopt(lambda sets, x: sets.PoincareBall(x.shape[-1], k=len(x))),
    },
    "Hyperboloid": {"geoopt": geoopt("Lorentz")},
    "PositiveDefinite": {
        "geotorch": geotorch("positive_definite"),
        "geoopt": geoopt("SymmetricPositiveDefinite"),
        "pymanopt": pymanopt(
            lambda sets, x: sets.SymmetricPositiveDefinite(x.shape[-1], **many(x))
        ),
    },
    "PositiveSemidefinite": {"geotorch": geotorch("positive_semidefinite")},
    "FixedRankPSD": {
        "geotorch": geotorch_of_rank("positive_semidefinite_fixed_rank"),
        "pymanopt": pymanopt_of_one(
            lambda sets, x: sets.PSDFixedRank(x.shape[-1], rank_of(x)),
            inward=factor,
            outward=square,
        ),
    },
    "LowRankPSD": {"geotorch": geotorch_of_rank("positive_semidefinite_low_rank")},
    "LowRankCorrelation": {
        "pymanopt": pymanopt_of_one(
            lambda sets, x: sets.Elliptope(x.shape[-1], rank_of(x)), inward=factor, outward=square
        )
    },
    "LowRank": {"geotorch": geotorch_of_rank("low_rank")},
    "FixedRank": {
        "geotorch": geotorch_of_rank("fixed_rank"),
        "pymanopt": pymanopt_of_one(
            lambda sets, x: sets.FixedRankEmbedded(*x.shape, rank_of(x)),
            inward=factors,
            outward=product,
        ),
    },
    "GeneralLinear": {"geotorch": geotorch_invertible()},
    "SpecialLinear": {"geotorch": geotorch("sln")},
    "SpectralBall": {"torch": torch_spectral_norm()},
    "AlmostOrthogonal": {"geotorch": geotorch("almost_orthogonal", lam=0.5)},
    "Hurwitz": {"geotorch": geotorch_hurwitz()},
    "DoublyStochastic": {"geoopt": geoopt("BirkhoffPolytope")},
    "Joined": {"geoopt": geoopt(rotations_and_definite)},
}
