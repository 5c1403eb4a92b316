"""What is seen of our operators below a dispatch mode."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from manifolds.operators.registry import LIBRARY


class Watching(TorchDispatchMode):
    """Keeps the arguments and the values of our operators, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, Any, Any]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        value = function(*args, **(kwargs or {}))
        if function.namespace == LIBRARY.ns:
            self.seen.append((function.overloadpacket.__name__, args, value))
        return value
