"""The map as a function of one real vector, which is what ranks and slopes are about."""

from collections.abc import Callable

import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.subject import Parameters


def real_vector(tensors: Parameters) -> Tensor:
    """All entries in a row, complex ones as two numbers each; -> (count,)."""
    plain = (t.resolve_conj() for t in tensors)  # vmap has no rule for a conjugated view
    parts = (torch.stack([t.real, t.imag]) if t.is_complex() else t for t in plain)
    return torch.cat([p.reshape(-1) for p in parts])


def from_real_vector(vector: Tensor, like: Parameters) -> Parameters:
    """The inverse of `real_vector` for tensors of the shapes and dtypes of `like`."""
    numbers_each = [2 if t.is_complex() else 1 for t in like]
    counts = [t.numel() * m for t, m in zip(like, numbers_each, strict=True)]
    tensors = []
    for part, t, m in zip(vector.split(counts), like, numbers_each, strict=True):
        numbers = part.reshape(m, *t.shape)
        tensors.append(torch.complex(*numbers) if t.is_complex() else numbers.squeeze(0))
    return tuple(tensors)


def flat_map(manifold: Manifold, like: Parameters) -> Callable[[Tensor], Tensor]:
    """f between real vectors: (parameters,) -> (entries,)."""

    def function(vector: Tensor) -> Tensor:
        return real_vector((manifold(*from_real_vector(vector, like)),))

    return function


def jacobian(manifold: Manifold, parameters: Parameters) -> Tensor:
    """J of the flat map, by reverse mode row after row; -> (entries, parameters)."""
    function = flat_map(manifold, parameters)
    j = torch.autograd.functional.jacobian(function, real_vector(parameters))
    return j.detach()


def fitted_slope(steps: Tensor, errors: Tensor) -> Tensor:
    """The slope of log error against log step by least squares; (m,), (m,) -> ()."""
    x, y = steps.log(), errors.log()
    x = x - x.mean()
    return (x * y).sum() / (x * x).sum()
