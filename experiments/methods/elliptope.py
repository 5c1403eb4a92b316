"""L-BFGS on correlation matrices X, or on a P that says X = D^(-1/2) P D^(-1/2), D = diag P."""

import torch
from torch import Tensor, nn

import manifolds
from experiments.methods.arms import named
from experiments.methods.method import Attach, Family, Method, lbfgs, parametrized, weight_of
from experiments.methods.ours import of_its_rank, on

INSIDE = 0.1  # t: how far inside the open elliptope its method begins


def elliptope_factor(p: Tensor) -> Tensor:
    """Return V = U √Λ of D^(-1/2) P D^(-1/2) = U Λ Uᵀ: (n, n) -> (n, n)."""
    values, u = torch.linalg.eigh(scaled(p))
    return u * values.clamp_min(0).sqrt()


def scaled(p: Tensor) -> Tensor:
    """D^(-1/2) P D^(-1/2), D = diag P."""
    d = p.diagonal().rsqrt()
    return d[:, None] * p * d


def inside(module: nn.Module) -> nn.Module:
    """Constrain to `Correlation`, from (1 - t) C + t I: C of low rank is on its boundary."""
    c = weight_of(module).detach()
    module.weight = nn.Parameter((1 - INSIDE) * c + INSIDE * torch.eye(len(c)).to(c))
    return on(manifolds.Correlation)(module)


def whole(name: str, attach: Attach, *, optimum_claimed: bool = True) -> Method:
    """Return L-BFGS on X itself."""
    descend = parametrized(attach, lbfgs)
    return Method(name, Family.OURS, descend, attach, optimum_claimed=optimum_claimed)


MATRICES = named(
    whole("lowrank-lbfgs", of_its_rank(manifolds.LowRankCorrelation)),
    whole("fixedrank-lbfgs", of_its_rank(manifolds.FixedRankPSD)),
    whole("correlation-lbfgs", inside, optimum_claimed=False),
)
