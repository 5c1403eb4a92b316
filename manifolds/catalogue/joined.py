"""A view: a point of a product as one vector."""

import math

import torch
from torch import Tensor

from manifolds.catalogue.product import Product
from manifolds.interface import Manifold, Normal


class Joined(Manifold):
    """{(vec x₁, …, vec x_m) : x_i ∈ M_i} for `product` = M₁ × … × M_m; (*batch, Σ ∏ M_i.size).

    The tensor form of a `Product`, for one vector that holds several constrained pieces. Violation,
    projection, distribution and dimension are those of the product, the tolerance is the largest of
    the factors', and a factor of strict mode makes the whole strict. Points are real if all factors
    have real points, complex if all have complex ones; ValueError where neither holds.
    """

    axes = ("d",)

    def __init__(self, product: Product) -> None:
        factors = _factors(product)
        self.complex_form = all(m.complex_form for m in factors)
        self.real_form = all(m.real_form for m in factors)
        self.counts = [math.prod(m.size) for m in factors]
        super().__init__(sum(self.counts), strict=any(m.strict for m in factors))
        self.product = product
        self.has_base = any(m.has_base for m in factors)
        lacks = [f"what {type(m).__name__} lacks, {m.boundary}" for m in factors if m.boundary]
        self.boundary = ", or ".join(lacks) or None
        self.alternative = "; ".join(filter(None, map(_instead, factors))) or None

    def embed(self, *parameters: Tensor) -> Tensor:
        """The factors' points, joined."""
        parts = self.product.parts(parameters)
        return self._vector([m.embed(*p) for m, p in zip(self.product.factors, parts, strict=True)])

    def coordinates(self, x: Tensor) -> tuple[Tensor, ...]:
        """The factors' coordinates."""
        found = (m.coordinates(y) for m, y in self._pieces(x))
        return tuple(q for p in found for q in (p if isinstance(p, tuple) else (p,)))

    def residual(self, x: Tensor) -> Tensor:
        """The largest of the factors'."""
        none = x.new_zeros(x.shape[:-1], dtype=x.abs().dtype)
        return torch.stack([none, *(m.residual(y) for m, y in self._pieces(x))]).amax(0)

    def interior(self, x: Tensor) -> Tensor:
        """Where every piece lies in the interior."""
        return torch.stack([super().interior(x), *(m.interior(y) for m, y in self._pieces(x))]).all(
            0
        )

    def nearest(self, x: Tensor) -> Tensor:
        """The factors' nearest points, joined."""
        return self._vector([m.nearest(y) for m, y in self._pieces(x)])

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """The factors' random points, joined."""
        return self._vector([m.sample((*shape[:-1], *m.size), normal) for m in self.product])

    def tolerance(self, dtype: torch.dtype) -> float:
        """The largest of the factors'."""
        return max((m.tolerance(dtype) for m in self.product), default=super().tolerance(dtype))

    @property
    def dim(self) -> int:
        """The sum of the factors'."""
        return self.product.dim

    @property
    def complex_dim(self) -> int:
        """The sum of the factors'."""
        return self.product.complex_dim

    def _pieces(self, x: Tensor) -> list[tuple[Manifold, Tensor]]:
        split = zip(self.product, x.split(self.counts, -1), strict=True)
        return [(m, y.reshape((*y.shape[:-1], *m.size))) for m, y in split]

    def _vector(self, points: list[Tensor]) -> Tensor:
        pairs = zip(points, self.product.factors, self.counts, strict=True)
        return torch.cat(
            [x.reshape((*x.shape[: x.ndim - len(m.size)], c)) for x, m, c in pairs], -1
        )


def _factors(product: Product) -> list[Manifold]:
    """The manifolds of a product whose points fit into one vector."""
    if not isinstance(product, Product):
        raise TypeError(f"Joined needs a Product, got {product!r}; write Joined(Product(...))")
    factors = list(product)
    if not factors:
        raise ValueError("Joined needs a Product of at least one manifold")
    if not any(all(getattr(m, form) for m in factors) for form in ("real_form", "complex_form")):
        raise ValueError(f"no dtype suits both real and complex factors: {product}")
    return factors


def _instead(manifold: Manifold) -> str | None:
    """What has the points that an open factor lacks."""
    name = type(manifold).__name__
    if manifold.alternative:
        return f"for {name}, {manifold.alternative}"
    return f"for {name}, {manifold.closure} has them" if manifold.closure else None
