"""The rank of the Jacobian at ties, and where gradient descent arrives from there: ours and peers'.

At a tie eigenvalues, singular values or angles coincide: the identity, a projector, minus the
identity. A map that holds them as parameters, X = U diag(s) Vᵀ, cannot turn equal ones into each
other to first order: its Jacobian loses rank, and descent sees no gradient along what is missed.

Everything in float64. A rank counts singular values above √eps times the largest. A target lies
off the tie by 1/4 of its norm (of 1 at zero), along a unit tangent vector, projected onto the set:
once `random`, once `missed`, random in the orthogonal complement of the smallest range. Each method
descends on ‖X - Y‖² / 2 without momentum, at the one rate of `RATES` whose worst end over the
targets is lowest (then the median's). What is left is ‖X - Y‖ over its value at the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from experiments.benchmarks.benchmark import Benchmark, Row, Setup
from experiments.benchmarks.tied_points import TIES, Attach, Tie, Weight
from experiments.runner.errors import require_known
from experiments.runner.tables import TextTable
from manifolds import Manifold
from manifolds.verify.laws.jacobian import rank

STEPS = 200  # ours, as are the numbers below
RATES = (1.0, 0.3, 0.1, 0.03, 0.01)  # 1 is exact where weights are parameters; then a third each
TARGETS = 16  # the table shows their median, least and largest
DISTANCE = 1 / 4  # of the target: far above rounding, and near enough for tangents to tell the way
GENERIC = 1 / 2  # parameters moved by this times a normal draw: no tie is left
KINDS = ("random", "missed")


def measure(part: str, setup: Setup) -> list[Row]:  # noqa: ARG001 -- nothing is timed
    """Return one row per method at the tie that `part` names; the figure draws them."""
    return list(measured(next(tie for tie in TIES if tie.name == part)))


def tables(rows: Sequence[Row]) -> dict[str, TextTable]:
    """Return one line per tie and method."""
    titles = ["manifold", "at", "method", "rank", "rank nearby"]
    titles += [f"left, {kind} target" for kind in KINDS]
    cells = [_cells(row) for row in rows]
    return {"Ranks and descent": TextTable(titles, cells, fixed=(0,))}  # names stay whole


def require(part: str) -> None:
    """Raise an `ExperimentError` for a tie that is not there."""
    require_known("tie", part, [tie.name for tie in TIES])


def _cells(row: Row) -> list[str]:
    ranks = (f"{row[name]}/{row['dim']}" for name in ("rank", "rank_nearby"))
    ends = (_range(torch.tensor(row[f"left_{kind}"])) for kind in KINDS)
    return [row["manifold"], row["at"], row["method"], *ranks, *ends]


def _range(values: Tensor) -> str:
    return f"{values.median():.1e} ({values.min():.1e} to {values.max():.1e})"


def measured(tie: Tie) -> Iterator[Row]:
    """Yield the row of every method at one tie."""
    manifold = tie.make()
    jacobians = {name: jacobian(attach(Weight(tie.point))) for name, attach in tie.methods.items()}
    targets = dict(zip(KINDS, towards(tie, manifold, jacobians), strict=True))
    for name, attach in tie.methods.items():
        ends = {kind: descended(attach, tie.point, y) for kind, y in targets.items()}
        yield {
            "manifold": tie.manifold,
            "at": tie.place,
            "method": name,
            "dim": manifold.dim,
            "rank": rank(torch.linalg.svdvals(jacobians[name])),
            "rank_nearby": rank(torch.linalg.svdvals(jacobian(moved(attach(Weight(tie.point)))))),
            **{f"left_{kind}": left.tolist() for kind, (left, _) in ends.items()},
            **{f"rate_{kind}": rate for kind, (_, rate) in ends.items()},
        }


def jacobian(module: nn.Module) -> Tensor:
    """d(weight) / d(parameters); -> (entries, parameters)."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def weight(*values: Tensor) -> Tensor:
        return functional_call(module, dict(zip(parameters, values, strict=True)), ()).flatten()

    blocks = torch.autograd.functional.jacobian(weight, tuple(parameters.values()))
    return torch.cat([block.flatten(1) for block in blocks], -1)


@torch.no_grad()
def moved(module: nn.Module) -> nn.Module:
    """The module with `GENERIC` normal noise on its parameters."""
    generator = torch.Generator().manual_seed(0)
    for p in module.parameters():
        p.add_(torch.randn(p.shape, generator=generator, dtype=p.dtype), alpha=GENERIC)
    return module


def towards(tie: Tie, manifold: Manifold, jacobians: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Random targets, and those in directions that the lowest rank misses; (targets, *size)."""
    generator = torch.Generator().manual_seed(0)
    if not tie.point.any():  # the tip of a cone: every ray of it is a direction
        rays = manifold.random_point(TARGETS, generator=generator, dtype=tie.point.dtype).flatten(1)
        return (_targets(tie, manifold, rays),) * 2
    tangent = _range_of(jacobians["ours"])
    if tangent.shape[-1] != manifold.dim:
        raise ValueError(f"{manifold} has rank {tangent.shape[-1]} of {manifold.dim}: no tangents")
    shape = (TARGETS, manifold.dim)
    random = torch.randn(shape, generator=generator, dtype=tangent.dtype) @ tangent.mT
    reached = min(map(_range_of, jacobians.values()), key=lambda basis: basis.shape[-1])
    missed = random - random @ reached @ reached.mT if reached.shape[-1] < manifold.dim else random
    return _targets(tie, manifold, random), _targets(tie, manifold, missed)


def _range_of(j: Tensor) -> Tensor:
    """An orthonormal basis of the range; (entries, parameters) -> (entries, rank)."""
    u, s, _ = torch.linalg.svd(j, full_matrices=False)
    return u[:, : rank(s)]


def _targets(tie: Tie, manifold: Manifold, directions: Tensor) -> Tensor:
    x = tie.point
    size = x.norm() if x.any() else 1.0
    steps = nn.functional.normalize(directions, dim=-1).reshape(-1, *x.shape)
    return manifold.project(x + DISTANCE * size * steps)


def descended(attach: Attach, start: Tensor, targets: Tensor) -> tuple[Tensor, float]:
    """What is left of each distance, and the rate; -> (targets,)."""
    ends = {rate: _left(attach, start, targets, rate) for rate in RATES}
    best = min(ends, key=lambda rate: (ends[rate].max().item(), ends[rate].median().item()))
    return ends[best], best


def _left(attach: Attach, start: Tensor, targets: Tensor, rate: float) -> Tensor:
    module = attach(Weight(start.expand(targets.shape)))
    optimizer = torch.optim.SGD(module.parameters(), lr=rate)
    before = (module() - targets).detach()
    for _ in range(STEPS):
        optimizer.zero_grad()
        ((module() - targets).square().sum() / 2).backward()
        optimizer.step()
    after = (module() - targets).detach()
    left = after.flatten(1).norm(dim=-1) / before.flatten(1).norm(dim=-1)
    return left.nan_to_num(torch.inf)


UNIT = (
    "Nothing here is timed, and all is float64: the rank of the Jacobian over the dimension, at "
    f"the tie and at parameters off it; then what {STEPS} steps of gradient descent leave of the "
    f"distance to a target, the median and the range of {TARGETS}, at the best rate of "
    f"{', '.join(f'{rate:g}' for rate in RATES)}. A missed target lies where the smallest range at "
    "the tie does not point."
)
BENCHMARK = Benchmark([tie.name for tie in TIES], measure, tables, UNIT, require, clock="")
