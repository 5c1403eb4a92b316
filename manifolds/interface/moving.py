"""Whether what is assigned now is a value that the map itself has just returned."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_MOVING: ContextVar[bool] = ContextVar("moving", default=False)


class BaseStaysError(ValueError):
    """The value lies on the boundary of an open set, and inside there is none next to it."""


@contextmanager
def moving_base() -> Iterator[None]:
    """Within, assigned points are values of their own maps: `rebase`."""
    token = _MOVING.set(True)
    try:
        yield
    finally:
        _MOVING.reset(token)


def base_is_moving() -> bool:
    """Whether a point needs no check but for what the map may have lost to rounding."""
    return _MOVING.get()
