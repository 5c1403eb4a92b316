"""Weighted graphs, their cuts and dual certificates: cycles, toroidal grids, files of the Gset."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import coo_matrix, csc_matrix, diags, identity
from scipy.sparse.linalg import splu
from torch import Tensor

from experiments.data import gset

ROUNDINGS = 100
RUNGS = 10.0 ** np.arange(-9, 0)  # relative gaps that the certificate tries, smallest first


@dataclass(frozen=True)
class Graph:
    """Edges (m,), (m,), weights (m,), and what is known: the bound and the largest cut, or NaN."""

    size: int
    tails: Tensor
    heads: Tensor
    weights: Tensor
    bound: float = math.nan
    cut: float = math.nan

    def value(self, inner: Tensor) -> Tensor:
        """Σ w_ij (1 - x_ij)/2 of the entries of X on the edges: (m,) -> ()."""
        return (self.weights.to(inner) * (1 - inner)).sum() / 2

    def of_rows(self, v: Tensor) -> Tensor:
        """Return the entries of V Vᵀ on the edges: (n, r) -> (m,)."""
        return (v[self.tails] * v[self.heads]).sum(-1)

    def of_matrix(self, x: Tensor) -> Tensor:
        """Return the entries of X on the edges: (n, n) -> (m,)."""
        return x[self.tails, self.heads]

    def quarter_laplacian(self) -> csc_matrix:
        """Return L/4, L = diag(W 1) - W."""
        i, j = np.r_[self.tails, self.heads], np.r_[self.heads, self.tails]
        w = coo_matrix((np.r_[self.weights, self.weights], (i, j)), (self.size, self.size))
        return csc_matrix(diags(np.ravel(w.sum(1))) - w) / 4


def graph(name: str) -> Graph:
    """Return a cycle, a toroidal grid, or the graph of the user's file."""
    lengths = name.split("x")
    if all(length.isdecimal() for length in lengths) and len(lengths) <= 2:
        return torus(*map(int, lengths))
    found = gset.load(name)
    tails, heads = torch.tensor(found.edges).unbind(-1)
    return Graph(found.nodes, tails, heads, torch.tensor(found.weights))


def torus(*lengths: int) -> Graph:
    """Return the product of cycles of these lengths, each >= 3, with its closed forms."""
    nodes = torch.arange(math.prod(lengths)).reshape(lengths)
    n, axes = nodes.numel(), range(nodes.ndim)
    tails = nodes.flatten().repeat(nodes.ndim)
    heads = torch.cat([nodes.roll(-1, axis).flatten() for axis in axes])
    frequencies = (2 - 2 * math.cos(2 * math.pi * (k // 2) / k) for k in lengths)
    lost = sum(n // k for k in lengths if k % 2)
    weights = torch.ones(len(tails), dtype=torch.float64)
    return Graph(n, tails, heads, weights, n / 4 * sum(frequencies), len(tails) - lost)


def certificate(g: Graph, v: Tensor) -> float:
    """Return the smallest rung that bounds (semidefinite bound) / value - 1; infinite if none does.

    S + δI ≻ 0 is read off the pivots of its LDLᵀ factorization, of which they are the inertia.
    """
    quarter, rows = g.quarter_laplacian(), v.double().numpy()
    y = (rows * (quarter @ rows)).sum(1)
    slack = csc_matrix(diags(y) - quarter)
    return next((rung for rung in RUNGS if positive(slack, rung * y.sum() / len(y))), math.inf)


def positive(s: csc_matrix, shift: float) -> bool:
    """Whether S + shift I has positive pivots only, taken from the diagonal."""
    if not np.isfinite(s.data).all():
        return False
    symmetric = {"SymmetricMode": True}
    shifted = csc_matrix(s + shift * identity(s.shape[0]))
    lu = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
    return bool((lu.perm_r == lu.perm_c).all() and (lu.U.diagonal() > 0).all())


def rounded(g: Graph, v: Tensor, generator: torch.Generator) -> float:
    """Return the best cut of the signs of V g."""
    normals = torch.randn(v.shape[-1], ROUNDINGS, generator=generator, dtype=torch.float64)
    side = (v.double() @ normals) > 0
    apart = (side[g.tails] != side[g.heads]).double()
    return (g.weights @ apart).max().item()
