"""One training step of each map: forward, backward, SGD; in units of one product (n, k) @ (k, k).

The loss is ⟨G, X⟩ with a fixed random G, so that nothing but the constraint costs time. Float32,
medians of interleaved rounds of successive steps. `peak` is the memory that one step allocates at
its peak, in units of the weight; `floor` is the least that the step can cost (Note [Floors]).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

import manifolds
from experiments.benchmarks.benchmark import Benchmark, Row, Setup, Shape, pivoted, shape_of
from experiments.benchmarks.floors import floor_seconds
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved, peak_bytes
from experiments.methods import METHODS, Family, Method
from experiments.methods.method import MOMENTUM
from experiments.methods.ours import by_map, rebase
from experiments.methods.peers import geoopt_on, polar_factor
from experiments.methods.pymanopt import frames, pymanopt_steps
from experiments.runner.tables import TextTable

PRODUCT, ADDITION = "product", "addition"
PYMANOPT = "pymanopt"  # computes in numpy, on a CPU
SLOW_SECONDS = 1.0  # a step slower than this is timed once: it would take minutes otherwise
TIMED: dict[str, Method] = METHODS | {
    "qr": by_map("qr", "qr"),
    "qr-rebased": by_map("qr-rebased", "qr", after_step=rebase),
    "bfloat16-polar": by_map("bfloat16-polar", manifolds.BFloat16Polar()),
    "geoopt-euclidean": Method(
        "geoopt-euclidean",
        Family.PEER,
        geoopt_on("EuclideanStiefel", "RiemannianSGD", momentum=MOMENTUM),
    ),
    PYMANOPT: Method(PYMANOPT, Family.PEER, pymanopt_steps(frames)),
}
"""The methods, and maps that no experiment is about. geoopt's Stiefel is that of the canonical
metric and the Cayley retraction, its EuclideanStiefel takes the QR retraction. So does pymanopt,
whose step is the gradient's alone: it has no momentum."""
CHOSEN = (
    "cayley",
    "cayley-rebased",
    "cayley-fixed",
    "exponential",
    "exponential-rebased",
    "exponential-fixed",
    "householder",
    "householder-rebased",
    "householder-fixed",
    "polar",
    "polar-rebased",
    "bfloat16-polar",
    "qr",
    "qr-rebased",
    "torch-cayley",
    "torch-exponential",
    "torch-householder",
    "geotorch-cayley",
    "geotorch-exponential",
    "geoopt-sgd",
    "geoopt-euclidean",
    PYMANOPT,
    "landing",
)


def measure(size: str, setup: Setup, chosen: Sequence[str] = CHOSEN) -> list[Row]:
    """Return time and memory of the product and of one step of each method."""
    steps = steps_of(shape_of(size), setup.device, chosen)
    timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    product, addition = (timings[name].seconds for name in (PRODUCT, ADDITION))
    weight_bytes = torch.Size(shape_of(size)).numel() * torch.finfo(torch.float32).bits // 8
    rows: list[Row] = []
    for name, step in steps.items():
        floor = floor_seconds(name, shape_of(size), product, addition)
        row = {
            "step": name,
            "size": size,
            "seconds": timings[name].seconds,
            "products": timings[name].seconds / product,
            "floor": floor and floor / product,
            "peak": peak_bytes(step, setup.device) / weight_bytes,
            "runs": timings[name].runs,
        }
        rows.append(row)
    return rows


def steps_of(shape: Shape, device: torch.device, chosen: Sequence[str]) -> dict[str, Step]:
    """Return a product, an addition and one step of each chosen method, ready to be called."""
    generator = torch.Generator().manual_seed(0)
    g, x = (torch.randn(shape, generator=generator).to(device) for _ in range(2))
    square = torch.randn((*shape[:-2], shape[-1], shape[-1]), generator=generator).to(device)
    out = torch.empty_like(x)
    steps: dict[str, Step] = {
        PRODUCT: lambda: x @ square,
        ADDITION: lambda: torch.add(x, g, out=out),
    }
    able = [name for name in chosen if name != PYMANOPT or device.type == "cpu"]
    return steps | {name: step_of(TIMED[name], polar_factor(x), g) for name in able}


def step_of(method: Method, start: Tensor, g: Tensor) -> Step:
    """Return one step of a method that descends ⟨G, X⟩."""
    rate = 1e-3 / g.norm().item()  # a small rotation per step, as in training
    iterates = method.iterates(start, lambda x: (g * x).sum((-2, -1)), rate)
    return lambda: next(iterates)


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return times, floors and memory, one column per size."""
    counted = [row for row in rows if row["floor"]]
    return {
        "Time in products": pivoted(rows, "size", in_products),
        "Floor in products, and times the floor": pivoted(counted, "size", beside_floor),
        "Peak memory in weights": memory(rows),
    }


def memory(rows: Sequence[Row]) -> TextTable:
    """Return peaks; torch does not see the memory of numpy."""
    seen = [row for row in rows if row["step"] != PYMANOPT]
    return pivoted(seen, "size", lambda row: f"{row['peak']:.3g}")


def beside_floor(row: Row) -> str:
    """`3.33 ×2.5`: the floor in products, and the step as a multiple of it."""
    return f"{row['floor']:.3g} ×{times_the_floor(row)}"


def times_the_floor(row: Row) -> str:
    """`2.5`."""
    return f"{row['products'] / row['floor']:.2g}"


def in_products(row: Row) -> str:
    """`8.3`, with the milliseconds of the product itself; `*` where it was timed once."""
    if row["step"] == PRODUCT:
        return f"1 ({1e3 * row['seconds']:.2g} ms)"
    return f"{row['products']:.3g}{'*' if row.get('runs') == 1 else ''}"


BENCHMARK = Benchmark(
    parts=("1024x1024", "1024x128", "1000x3x3", "1000x8x8", "1000x32x32"),
    measure=measure,
    tables=tables,
    unit="Times are ratios to one product (n, k) @ (k, k) in the same rounds. The floor is the "
    "least that a step can cost: see `experiments/benchmarks/floors.py`. pymanopt's step "
    "is numpy's and has no momentum.",
    require=shape_of,
)
