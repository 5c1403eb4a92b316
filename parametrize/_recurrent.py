"""`nn.LSTM` and its kin keep a second list of their weights: what that asks of a parametrization.

The list holds the values that the last forward read, and another weak references to them, by which
the next forward sees whether it has to read anew. The values are results of a computation, which
`deepcopy` refuses; and on a GPU cuDNN moves them, as it moves parameters, into one piece of memory.
"""

from typing import Any

from torch.nn import Module, RNNBase

from parametrize import _cache
from parametrize._lost_write import LastRead


def methods_for(base: type) -> dict[str, Any]:
    """Return what the class of a parametrized module derived from `base` overrides."""
    if not issubclass(base, RNNBase):
        return {}

    def flatten_parameters(module: Any) -> None:
        """Move the weights to where cuDNN wants them: their values stay, so it is no lost write."""
        base.flatten_parameters(module)
        for held in module.parametrizations.values():
            held._last_read = LastRead()
            _cache.accept_write(held)

    return {"flatten_parameters": flatten_parameters}


def without_weight_lists(module: Module, state: Any) -> Any:
    """Leave the lists out of what is copied or saved."""
    if not isinstance(module, RNNBase):
        return state
    kept = {name: thing for name, thing in state.items() if name != "_flat_weight_refs"}
    return kept | {"_flat_weights": []}


def state_of(module: Module, base: Any) -> Any:
    """What a module of the class `base` is pickled as; torch's own reads the weights first."""
    if base.__getstate__ is RNNBase.__getstate__:
        return without_weight_lists(module, vars(module))
    return base.__getstate__(module)


def read_at_next_forward(module: Module) -> None:
    """Let the next forward of a recurrent module, whose lists were left out, make them.

    To read here would compute: a spectral norm would take its power iteration a step further.
    """
    if isinstance(module, RNNBase):
        count = len(module._flat_weights_names)
        module._flat_weights, module._flat_weight_refs = [None] * count, [_gone] * count  # type: ignore[list-item]


def _gone() -> None:
    """A reference to a tensor that is not there any more."""
