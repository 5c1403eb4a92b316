"""What happens to a point off its manifold: an error in strict mode, a warning otherwise."""


class OffManifoldError(ValueError):
    """x ∉ M beyond rounding; names the manifold, the measured violation and the tolerance."""


class OffManifoldWarning(UserWarning):
    """x ∉ M beyond rounding was replaced by its projection."""
