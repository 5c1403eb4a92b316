"""A view: a tensor of several dimensions as the matrix of its first one by all the others."""

import math

from torch import Tensor

from manifolds.interface import Manifold, Normal


class Flattened(Manifold):
    """x of shape (*batch, n, *kernel) whose matrix (*batch, n, ∏ kernel) lies on `manifold`.

    Convolution kernels (out, in, height, width): the output features are the rows. Parameters,
    norms, distribution and dimension are those of `manifold`.
    """

    def __init__(self, manifold: Manifold, *size: int) -> None:
        self.axes = tuple(f"d{i}" for i in range(len(size)))
        self.complex_form = manifold.complex_form
        super().__init__(*size, strict=manifold.strict)
        self.manifold = manifold
        self.closure, self.has_base = manifold.closure, manifold.has_base
        flat = (size[0], math.prod(size[1:]))
        if flat != manifold.size:
            raise ValueError(f"{manifold} needs {manifold.size}, but {size} flattens to {flat}")

    def embed(self, *parameters: Tensor) -> Tensor:
        """The manifold's point in the tensor's shape."""
        return self._tensor(self.manifold.embed(*parameters))

    def coordinates(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The manifold's coordinates of the matrix."""
        return self.manifold.coordinates(self._matrix(x))

    def residual(self, x: Tensor) -> Tensor:
        """The manifold's residual of the matrix."""
        return self.manifold.residual(self._matrix(x))

    def nearest(self, x: Tensor) -> Tensor:
        """The manifold's nearest point to the matrix."""
        return self._tensor(self.manifold.nearest(self._matrix(x)))

    def interior(self, x: Tensor) -> Tensor:
        """The manifold's interior."""
        return self.manifold.interior(self._matrix(x))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """The manifold's random point."""
        batch = shape[: len(shape) - len(self.size)]
        return self._tensor(self.manifold.sample((*batch, *self.manifold.size), normal))

    @property
    def dim(self) -> int:
        """The manifold's."""
        return self.manifold.dim

    @property
    def complex_dim(self) -> int:
        """The manifold's."""
        return self.manifold.complex_dim

    def _matrix(self, x: Tensor) -> Tensor:
        return x.flatten(x.ndim - len(self.size) + 1)

    def _tensor(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], *self.size[1:])
