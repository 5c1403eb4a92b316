"""What a module remembers of its set: base points and constants, in buffers."""

from collections.abc import Callable
from typing import Any, Self

from torch import Tensor, nn

from manifolds.interface.layout import plain


class Remembering(nn.Module):
    """A module whose buffers are part of its map: not trainable, saved in every checkpoint."""

    constants: tuple[str, ...] = ()
    """What is remembered of the set itself: a cast of the module leaves its dtype alone."""

    def remember(self, **state: Tensor) -> None:
        """Keep discrete data or a base point in buffers: part of f, not trainable."""
        for name, value in state.items():
            self.register_buffer(name, plain(value))

    def recalled(self, name: str, like: Tensor) -> Tensor:
        """What was remembered, on the device of the parameters and, numbers, in their dtype."""
        value: Tensor | None = self._buffers.get(name)
        if value is None:
            value = self.get_buffer(name)  # which says what is wrong
        if value.dtype == like.dtype and value.device == like.device:
            return value
        if value.is_complex() and not like.is_complex():
            value = value.real  # Module.to(complex) casts real buffers too
        number = value.is_floating_point() or value.is_complex()
        return value.to(like) if number else value.to(like.device)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:  # noqa: FBT001, FBT002
        """Move and cast, constants move only: rounded once, they would be another set for good."""
        before = {name: self.get_buffer(name) for name in self.constants}
        super()._apply(fn, recurse)
        for name, constant in before.items():
            moved = self.get_buffer(name)
            if moved.dtype != constant.dtype and moved.device.type != "mps":  # it has 32 bit alone
                self._buffers[name] = constant.to(moved.device)
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any) -> None:
        """A base point follows the batch dimensions of the checkpoint."""
        for name, buffer in self._buffers.items():
            saved = state_dict.get(prefix + name)
            if buffer is not None and isinstance(saved, Tensor):
                common = min(saved.ndim, buffer.ndim)
                if saved.shape[saved.ndim - common :] == buffer.shape[buffer.ndim - common :]:
                    dtype = saved.dtype if saved.is_complex() else buffer.dtype
                    self._buffers[name] = buffer.new_empty(saved.shape, dtype=dtype)
        super()._load_from_state_dict(state_dict, prefix, *rest)
