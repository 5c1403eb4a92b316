"""`nn.LSTM` and its kin keep a second list of their weights: what that asks of a parametrization.

The list holds the values that the last forward read. They are results of a computation, which
`deepcopy` refuses; and on a GPU cuDNN moves them, as it moves parameters, into one piece of memory.
"""

from typing import Any

import torch
from torch.nn import Module, RNNBase

from parametrize import _cache
from parametrize._lost_write import LastRead


def methods_for(base: type) -> dict[str, Any]:
    """Return what the class of a parametrized module derived from `base` overrides."""
    return {"flatten_parameters": _flatten_parameters} if issubclass(base, RNNBase) else {}


def _flatten_parameters(module: Any) -> None:
    """Move the weights to where cuDNN wants them: their values stay, so it is no lost write."""
    super(type(module), module).flatten_parameters()
    for held in module.parametrizations.values():
        held._last_read = LastRead()
        _cache.accept_write(held)


def without_weight_lists(module: Module, state: Any) -> Any:
    """Leave the lists out of what is copied or saved; `renew_weight_lists` makes them again."""
    if not isinstance(module, RNNBase):
        return state
    kept = {name: thing for name, thing in state.items() if name != "_flat_weight_refs"}
    return kept | {"_flat_weights": []}


def renew_weight_lists(module: Module) -> None:
    """Read the weights of a recurrent module, whose lists were left out, anew."""
    if isinstance(module, RNNBase):
        with torch.no_grad():
            module._init_flat_weights()
