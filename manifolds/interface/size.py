"""Sizes: the names of a manifold's last dimensions against the numbers a user gave."""

from typing import Any


def parse_size(name: str, axes: tuple[str, ...], size: tuple[int, ...]) -> tuple[int, ...]:
    """Fill `axes` with `size`; axes of one name are equal, and one number serves all: square.

    ("n", "n"), (5,) -> (5, 5); ("n", "k"), (5,) -> (5, 5); ("n", "k"), (5, 3) -> (5, 3). One tuple
    of sizes is as good. ValueError otherwise.
    """
    size = unpacked(size)
    if len(size) == 1 and axes:
        size = size * len(axes)
    wanted = f"{name}({', '.join(axes)})"
    if len(size) != len(axes):
        raise ValueError(f"{wanted} takes {len(axes)} sizes, got {size}; give one per dimension")
    if any(isinstance(s, bool) or not isinstance(s, int) or s < 0 for s in size):
        raise ValueError(f"{wanted} takes whole numbers >= 0, got {size}")
    if len(set(zip(axes, size, strict=True))) != len(set(axes)):
        raise ValueError(f"{wanted} is for square matrices, got {size}; make both sizes equal")
    return size


def unpacked(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers given one by one, or as one tuple, list or torch.Size."""
    if len(numbers) == 1 and isinstance(numbers[0], tuple | list):
        return tuple(numbers[0])
    return numbers


def require_shape(subject: object, size: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """ValueError unless `shape` is (*batch, *size)."""
    if len(shape) < len(size) or shape[len(shape) - len(size) :] != size:
        wanted = ", ".join(("*batch", *map(str, size)))
        raise ValueError(f"{subject} needs shape ({wanted}), got {shape}")
