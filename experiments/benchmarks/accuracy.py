"""What the maps of frames lose to rounding, near their base and far from it, in float32.

Parameters are the assigned ones plus a normal matrix P with ‖P‖₂ from `NORMS`. Of the point X the
constraint violation ‖XᵀX - I‖, Frobenius, in units of √k eps; of the gradient of ⟨G, X⟩ in the
parameters the relative error, in units of eps, against the same module in float64. A peer that
gives no finite number has ∞. Beyond `LARGEST_OF_PEERS` peers take minutes, beyond
`MOST_WITH_GRADIENT` entries the float64 gradients do.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.maps import TIMED
from experiments.methods import Family
from experiments.methods.method import Matrix, weight_of
from experiments.methods.peers import polar_factor
from experiments.runner.tables import TextTable

NORMS = (0.01, 0.1, 1.0, 10.0, 100.0)
CHOSEN = (
    *("cayley", "exponential", "householder", "polar", "qr"),
    *("torch-cayley", "torch-exponential", "torch-householder"),
    *("geotorch-cayley", "geotorch-exponential"),
)
LARGEST_OF_PEERS = 1024
MOST_WITH_GRADIENT = 2**22


def measure(size: str, setup: Setup) -> list[Row]:
    """Return violations and errors of gradients of each method at each norm."""
    shape, generator = shape_of(size), torch.Generator().manual_seed(0)
    x, p, g = (torch.randn(shape, generator=generator) for _ in range(3))
    start = polar_factor(x.double()).float().to(setup.device)
    p = p / torch.linalg.matrix_norm(p, 2, keepdim=True)
    rows: list[Row] = []
    for name in CHOSEN:
        method = TIMED[name]
        if method.attach is None or (
            method.family != Family.OURS and max(shape) > LARGEST_OF_PEERS
        ):
            continue
        for norm in NORMS:
            module = method.attach(Matrix(start))
            with torch.no_grad():
                _only_parameter(module).add_((norm * p).to(setup.device))
            rows.append({"step": name, "size": size, "norm": norm, **losses(module, g.to(start))})
    return rows


def losses(module: nn.Module, g: Tensor) -> dict[str, float]:
    """Return the violation of the module's weight and the error of its gradient, in eps."""
    eps = torch.finfo(g.dtype).eps
    x = weight_of(module).detach().double()
    k = x.shape[-1]
    off = torch.linalg.matrix_norm(x.mT @ x - torch.eye(k, dtype=x.dtype, device=x.device)).max()
    found = {"violation": off.item() / k**0.5 / eps}
    if g.numel() <= MOST_WITH_GRADIENT:
        exact = copy.deepcopy(module).double()
        slope, expected = _gradient(module, g).double(), _gradient(exact, g.double())
        found["gradient"] = ((slope - expected).norm() / expected.norm()).item() / eps
    return {name: value if math.isfinite(value) else math.inf for name, value in found.items()}


def _gradient(module: nn.Module, g: Tensor) -> Tensor:
    return torch.autograd.grad((g * weight_of(module)).sum(), _only_parameter(module))[0]


def _only_parameter(module: nn.Module) -> nn.Parameter:
    (parameter,) = module.parameters()
    return parameter


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return two tables a size: one line per method, one column per norm."""
    found = {}
    for size in dict.fromkeys(row["size"] for row in rows):
        of_size = [row for row in rows if row["size"] == size]
        for title, column in (
            ("violation in √k eps", "violation"),
            ("gradient in eps", "gradient"),
        ):
            measured = [row for row in of_size if column in row]
            cell = lambda row, column=column: f"{row[column]:.2g}"  # noqa: E731 -- one line
            if measured:
                found[f"{size}: {title}"] = pivoted(measured, "norm", cell)
    return found


BENCHMARK = Benchmark(
    parts=("64x64", "1024x1024", "1024x128", "4096x64", "4096x4096"),
    measure=measure,
    tables=tables,
    unit="Columns are ‖P‖₂ of the parameters. Violations are ‖XᵀX - I‖ / (√k eps), gradients the "
    "relative error against float64 in eps; both of float32.",
    require=shape_of,
    clock="",
)
