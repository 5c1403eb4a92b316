"""What is logged of every method alike, computed here and not by any of the methods."""

import math
from warnings import catch_warnings, simplefilter

import pandas
import torch
from torch import Tensor

import manifolds
from experiments.methods.method import Method
from experiments.runner.logs import Row

# Frobenius norm of Q^T Q - I in units of sqrt(k) eps: a correctly rounded Q has about 0.3,
# LAPACK's QR about 5; twice the latter counts as rounding.
FLOOR = 10


def violation(x: Tensor) -> Tensor:
    """‖X^T X - I‖_F in float64 (X X^T where X is wide): (*batch, n, k) -> (*batch,)."""
    x = x.double()
    gram = x.mT @ x if x.shape[-2] >= x.shape[-1] else x @ x.mT
    identity = torch.eye(gram.shape[-1], dtype=x.dtype, device=x.device)
    return torch.linalg.matrix_norm(gram - identity)


def floor(columns: int, dtype: torch.dtype) -> float:
    """10 sqrt(k) eps(dtype): what rounding alone may leave of the constraint."""
    return FLOOR * math.sqrt(columns) * torch.finfo(dtype).eps


def dtype_of(rows: pandas.DataFrame) -> torch.dtype:
    """Return the dtype in which these rows of one log were computed."""
    return getattr(torch, rows["dtype"].iloc[0])


def roundtrip(method: Method, x: Tensor) -> float | None:
    """Return max |weight - X| after `weight = X`; None for a method that has no right inverse.

    Infinite where the method refuses its own iterate: geotorch does, once its point has drifted by
    more than its absolute tolerance. An iterate on the boundary of an open set, to rounding, is
    projected inside; the number says how far.
    """
    try:
        with catch_warnings():
            simplefilter("ignore", manifolds.OffManifoldWarning)
            read = method.read_back(x)
    except ValueError:
        return math.inf
    return None if read is None else (read - x).abs().max().item()


def final_loss(_method: Method, row: Row) -> float:
    """Return the loss."""
    return row["loss"]


def gap_and_violation(method: Method, row: Row) -> float:
    """|gap| + violation of an iterate; the loss where nothing holds the constraint."""
    return abs(row["gap"]) + row["violation"] if method.constrained else row["loss"]
