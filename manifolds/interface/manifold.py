"""The interface of every constraint set.

Three instances everyone knows: the sphere is reached by x = p / ‖p‖, the positive definite
matrices by X = L Lᴴ, the orthogonal matrices by X = B Cay(A). In each, a smooth map takes
unconstrained parameters onto the set, and its right inverse takes a point back to parameters.
`Manifold` is that pair together with what one needs to trust it: how far a point is off the set,
the nearest point of the set, a random point, the dimension.

An author writes the mathematics in six members (`embed`, `coordinates`, `residual`, `nearest`,
`sample`, `dim`). Here are, once for all, checks of input, the working precision, projections.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, final

import torch
from torch import Generator, Tensor

from manifolds.interface.errors import OffManifoldError, OffManifoldWarning, lacking, users_level
from manifolds.interface.layout import plain
from manifolds.interface.memory import Remembering
from manifolds.interface.moving import BaseStaysError, base_is_moving
from manifolds.interface.normal import Normal
from manifolds.interface.precision import (
    full_precision,
    in_working_precision,
    narrowed,
    working_dtype,
)
from manifolds.interface.size import parse_size, require_shape, unpacked
from manifolds.interface.tolerance import is_rounding, tolerance
from manifolds.linear_algebra.basics import all_finite


class Manifold(Remembering, ABC):
    """A set M ⊂ R^size with f: parameters -> M smooth, and r: M -> parameters with f(r(x)) = x.

    Sizes are those of the tensor's last dimensions; leading dimensions are batch.
    """

    axes: tuple[str, ...]
    """Names of the last dimensions; equal names mean equal sizes."""
    closure: str | None = None
    """For an open set: the class that also has its boundary."""
    boundary: str | None = None
    """For an open set: the points of its closure that it lacks, in words."""
    alternative: str | None = None
    """For an open set without such a class: what to do instead, in words."""
    complex_form: bool = False
    """Whether complex tensors are points too."""
    real_form: bool = True
    """Whether real tensors are points: not of sets that are complex by nature."""
    has_base: bool = False
    """Whether assignment moves a base point and leaves zero parameters; `rebase` needs that."""

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__()
        self.size = parse_size(type(self).__name__, self.axes, size)
        self.strict = strict
        self._assigned = self._projects_silently = False

    # The mathematics, in the working precision, on input that has been checked.

    @abstractmethod
    def embed(self, *parameters: Tensor) -> Tensor:
        """f: unconstrained parameters -> (*batch, *size) on the manifold."""

    @abstractmethod
    def coordinates(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """r: (*batch, *size) on the manifold -> parameters with f(r(x)) = x; may `remember`."""

    @abstractmethod
    def residual(self, x: Tensor) -> Tensor:
        """(*batch, *size) -> (*batch,): distance from the closure of M, relative to x."""

    @abstractmethod
    def nearest(self, x: Tensor) -> Tensor:
        """(*batch, *size) -> (*batch, *size): the nearest point; the docstring says which norm."""

    @abstractmethod
    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """-> `shape`, ending in `size`: a random point made of `normal` draws."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The dimension of the manifold of real points."""

    @property
    def complex_dim(self) -> int:
        """The real dimension of the manifold of complex points."""
        raise TypeError(f"{type(self).__name__} has no complex form")

    def interior(self, x: Tensor) -> Tensor:
        """(*batch, *size) -> (*batch,) of bool: off the boundary, which an open set lacks."""
        return torch.ones(x.shape[: x.ndim - len(self.size)], dtype=torch.bool, device=x.device)

    def rounded(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """x of `project` or `random_point` in `dtype`; an open set may stay off its boundary."""
        return narrowed(x, dtype)

    @final  # type: ignore[misc] # nn.Module declares forward as an attribute
    def forward(self, *parameters: Tensor) -> Tensor:
        """Unconstrained parameters -> (*batch, *size), always on the manifold."""
        return in_working_precision(self.embed, *parameters)

    @final
    @torch.no_grad()
    def right_inverse(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """(*batch, *size) -> parameters with forward(right_inverse(x)) = x to rounding.

        A point off the manifold beyond `tolerance` is projected with an `OffManifoldWarning`
        (without it the first time: an initial weight is not a mistake), or in strict mode raises
        `OffManifoldError`. ValueError or TypeError for a wrong shape or dtype, NaN or infinity.
        """
        with full_precision(getattr(x, "device", torch.device("cpu"))):
            found = self.coordinates(self.checked(x))
        if not base_is_moving():  # from a value that the constants had a part in
            self.to(x.device)  # constants too: a forward would copy them from the host and wait
        self._assigned = True
        if isinstance(found, Tensor):
            return plain(found, x.dtype)
        return tuple(plain(p, x.dtype) for p in found)

    @final
    @torch.no_grad()
    def violation(self, x: Tensor) -> Tensor:
        """(*batch, *size) -> (*batch,): relative distance from the closure of M, 0 on it."""
        self._require_tensor(x)
        with full_precision(x.device):
            return self.residual(x.to(working_dtype(x.dtype)))

    @final
    @torch.no_grad()
    def project(self, x: Tensor) -> Tensor:
        """(*batch, *size) -> (*batch, *size): the nearest point; see the class for the norm."""
        self._require_finite(x)
        with full_precision(x.device):
            return self.rounded(self.nearest(x.to(working_dtype(x.dtype))), x.dtype)

    @final
    @torch.no_grad()
    def random_point(
        self,
        *batch: int,
        generator: Generator | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """-> (*batch, *size): a random point; the class documents the distribution.

        `batch` is given as numbers or as one tuple.
        """
        dtype = dtype or self._default_dtype()
        self._require_dtype(dtype)
        draw = Normal(generator, working_dtype(dtype), torch.device(device or "cpu"))
        with full_precision(draw.device):
            return self.rounded(self.sample((*unpacked(batch), *self.size), draw), dtype)

    def tolerance(self, dtype: torch.dtype) -> float:
        """The largest violation that counts as rounding; see Note [Tolerance]."""
        return tolerance(max(self.size, default=1), dtype)

    @classmethod
    def for_shape(cls, shape: tuple[int, ...], **options: Any) -> Self:
        """The manifold whose points are tensors of `shape`, leading dimensions being batch."""
        if len(shape) < len(cls.axes):
            axes = ", ".join(cls.axes)
            raise ValueError(
                f"{cls.__name__} needs a tensor of shape (*batch, {axes}), got {tuple(shape)}"
            )
        return cls(*shape[len(shape) - len(cls.axes) :], **options)

    # Mechanism.

    @contextmanager
    def projecting(self) -> Iterator[None]:
        """Within, points off the manifold are projected silently, whatever `strict` says."""
        self._projects_silently, before = True, self._projects_silently
        try:
            yield
        finally:
            self._projects_silently = before

    def extra_repr(self) -> str:
        """The sizes, as given to the constructor."""
        return ", ".join([*map(str, self.size), *(["strict=True"] if self.strict else [])])

    def checked(self, x: Tensor) -> Tensor:
        """x where it is on the manifold to rounding, its projection elsewhere, as `strict` says.

        In the working precision: a projection cast to 16 bit is off an open set again. What only
        rounding has taken to the boundary is projected silently: 16-bit points, and values that
        become a base, for which `BaseStaysError` is raised where the projection would move them.
        """
        self._require_finite(x)
        point = x.to(working_dtype(x.dtype))
        violation, limit = self.violation(x), self.tolerance(x.dtype)
        outside = ~(violation <= limit)  # the violation of entries next to overflow may be NaN
        off = outside | ~self.interior(point)
        if not off.any():
            return point
        found = torch.where(off[(...,) + (None,) * len(self.size)], self.nearest(point), point)
        rounds = is_rounding(found - point, point, x.dtype, self.size, self.tolerance(point.dtype))
        if base_is_moving():
            if not rounds:
                raise BaseStaysError(f"{self} has no interior point next to the value of its map")
            return found
        narrow = x.dtype != point.dtype and not outside.any()
        if not (self._projects_silently or (narrow and rounds)):
            message = self._complaint(violation, outside, limit, x.dtype)
            if self.strict:
                raise OffManifoldError(f"{message}; pass project(x), or use strict=False")
            if self._assigned:
                warnings.warn(f"{message}; projected", OffManifoldWarning, stacklevel=users_level())
        return found

    def _complaint(
        self, violation: Tensor, outside: Tensor, limit: float, dtype: torch.dtype
    ) -> str:
        """Name the manifold, the measured violation and the tolerance; never print the tensor."""
        if outside.any():
            worst = violation.max().item()
            return f"{self} needs a relative violation <= {limit:.1e} ({dtype}), got {worst:.1e}"
        return lacking(self, self.boundary, self.closure, self.alternative)

    def _require_finite(self, x: Tensor) -> None:
        self._require_tensor(x)
        if not all_finite(x):
            raise ValueError(f"{self} needs finite entries, got NaN or infinity")

    def _require_tensor(self, x: Tensor) -> None:
        if not isinstance(x, Tensor):
            raise TypeError(f"{self} needs a tensor, got {type(x).__name__}")
        self._require_dtype(x.dtype)
        require_shape(self, self.size, tuple(x.shape))

    def _require_dtype(self, dtype: torch.dtype) -> None:
        real = self.real_form and dtype.is_floating_point
        if not real and not (self.complex_form and dtype.is_complex):
            wanted = " or ".join(f for f in ("real", "complex") if getattr(self, f"{f}_form"))
            raise TypeError(f"{self} needs a {wanted} floating point tensor, got {dtype}")

    def _default_dtype(self) -> torch.dtype:
        """torch's default, or where only complex tensors are points the complex one of its size."""
        default = working_dtype(torch.get_default_dtype())
        return torch.get_default_dtype() if self.real_form else default.to_complex()
