"""What the maps of frames lose to rounding, near their base and far from it, in float32.

At the parameters of `displaced`, of the point X the constraint violation ‖XᵀX - I‖, Frobenius, in
units of √k eps; of the gradient of ⟨G, X⟩ in the parameters the relative error, in units of eps,
against the same module in float64. A peer that gives no finite number has ∞. Beyond
`MOST_WITH_GRADIENT` entries the float64 gradients take minutes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.norms import displaced, gradient
from experiments.methods.method import weight_of
from experiments.runner.tables import TextTable

MOST_WITH_GRADIENT = 2**22


def measure(size: str, setup: Setup) -> list[Row]:
    """Return violations and errors of gradients of each method at each norm."""
    return [
        {"step": name, "size": size, "norm": norm, **losses(module, g)}
        for name, norm, module, g in displaced(size, setup.device)
    ]


def losses(module: nn.Module, g: Tensor) -> dict[str, float]:
    """Return the violation of the module's weight and the error of its gradient, in eps."""
    eps = torch.finfo(g.dtype).eps
    x = weight_of(module).detach().double()
    k = x.shape[-1]
    off = torch.linalg.matrix_norm(x.mT @ x - torch.eye(k, dtype=x.dtype, device=x.device)).max()
    found = {"violation": off.item() / k**0.5 / eps}
    if g.numel() <= MOST_WITH_GRADIENT:
        exact = copy.deepcopy(module).double()
        slope, expected = gradient(module, g).double(), gradient(exact, g.double())
        found["gradient"] = ((slope - expected).norm() / expected.norm()).item() / eps
    return {name: value if math.isfinite(value) else math.inf for name, value in found.items()}


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
