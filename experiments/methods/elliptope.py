"""L-BFGS on correlation matrices X, or on a P ⪰ 0 that says X = D^(-1/2) P D^(-1/2), D = diag P."""

import torch
from torch import Tensor, nn

import manifolds
from experiments.methods.arms import named
from experiments.methods.method import Attach, Family, Method, lbfgs, parametrized, weight_of
from experiments.methods.ours import of_its_rank, on
from experiments.methods.through import through

INSIDE = 0.1  # t: how far inside the open elliptope its method begins


def factor(x: Tensor) -> Tensor:
    """Return V = U √Λ of X = U Λ Uᵀ ⪰ 0: (n, n) -> (n, n)."""
    values, u = torch.linalg.eigh(x)
    return u * values.clamp_min(0).sqrt()


def scaled(p: Tensor) -> Tensor:
    """D^(-1/2) P D^(-1/2), D = diag P: (n, n) -> (n, n)."""
    d = p.diagonal().rsqrt()
    return d[:, None] * p * d


def inside(module: nn.Module) -> nn.Module:
    """Constrain to `Correlation`, from (1 - t) C + t I: C of low rank is on its boundary."""
    c = weight_of(module).detach()
    module.weight = nn.Parameter((1 - INSIDE) * c + INSIDE * torch.eye(len(c)).to(c))
    return on(manifolds.Correlation)(module)


def whole(name: str, attach: Attach, *, optimum_claimed: bool = True) -> Method:
    """Return L-BFGS on X."""
    descend = parametrized(attach, lbfgs)
    return Method(name, Family.OURS, descend, attach, optimum_claimed=optimum_claimed)


def of_unit_diagonal(name: str, attach: Attach) -> Method:
    """Return L-BFGS on P, seen as X; what is assigned and read back is X, which is also a P."""
    descend = through(parametrized(attach, lbfgs), lambda x: x, scaled)
    return Method(name, Family.OURS, descend, attach)


MATRICES = named(
    whole("lowrank-lbfgs", of_its_rank(manifolds.LowRankCorrelation)),
    of_unit_diagonal("fixedrank-lbfgs", of_its_rank(manifolds.FixedRankPSD)),
    whole("correlation-lbfgs", inside, optimum_claimed=False),
)
