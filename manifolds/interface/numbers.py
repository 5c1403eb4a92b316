"""Options that are numbers: given as tensors, arrays or lists."""

from typing import Any

import torch
from torch import Tensor


def as_tensor(name: str, value: Any) -> Tensor:
    """A tensor itself; a list or array of Python numbers as float64, which holds them exactly.

    TypeError for what holds no numbers.
    """
    if isinstance(value, Tensor):
        return value
    try:
        is_complex = torch.as_tensor(value).is_complex()
        return torch.as_tensor(value, dtype=torch.complex128 if is_complex else torch.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a tensor or lists of numbers, got {value!r}") from error
