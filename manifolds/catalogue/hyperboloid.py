"""The hyperboloid {x : x₀² = 1 + x₁² + ... , x₀ > 0}: hyperbolic space, time coordinate first."""

from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.lift import hyperbola


class Hyperboloid(Manifold):
    """x = (√(1 + ‖p‖²), p); (*batch, n - 1) -> (*batch, n), n the ambient dimension.

    A diffeomorphism from R^(n-1), the graph of x₀ (Nickel & Kiela, Learning continuous
    hierarchies in the Lorentz model, ICML 2018); the right inverse drops x₀.

    The violation is |x₀ - h| / h with h = √(1 + x₁² + ...), which unlike x₀² - x₁² - ... = 1 does
    not cancel far out, and is above 1 on the other sheet. `project` keeps the space coordinates
    x₁, ... and takes x₀ = h: not the nearest point, but within √2 of its distance;
    `random_point` has N(0, 1) space coordinates.
    """

    axes = ("n",)

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        if self.size[0] < 1:
            raise ValueError("Hyperboloid(n) needs n >= 1, got 0: there is no time coordinate")

    def embed(self, *parameters: Tensor) -> Tensor:
        """(√(1 + ‖p‖²), p), p clipped where the root leaves the range of the dtype."""
        (p,) = parameters
        return hyperbola(p)

    def coordinates(self, x: Tensor) -> Tensor:
        """The space coordinates."""
        return x[..., 1:]

    def residual(self, x: Tensor) -> Tensor:
        """|x₀ - h| / h."""
        h = self.nearest(x)[..., 0]
        return (x[..., 0] / h - 1).abs()

    def nearest(self, x: Tensor) -> Tensor:
        """The point above the space coordinates."""
        return self.embed(x[..., 1:])

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Normal space coordinates."""
        return self.embed(normal(*shape[:-1], shape[-1] - 1))

    @property
    def dim(self) -> int:
        """n - 1."""
        return self.size[0] - 1
