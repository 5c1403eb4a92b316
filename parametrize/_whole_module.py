"""Save a whole module with its parametrizations in one file, and load it without its code at hand.

`torch.save(module)` refuses a parametrized module, since its class exists only in the process that
made it. Here it is saved as an object of the class it had before; the file is an ordinary one of
`torch.save`, and `load_module` gives each module with parametrizations a class of its own again.
"""

import os
import pickle
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn import Module
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from parametrize._list import ParametrizationList
from parametrize._lost_write import LastRead
from parametrize._module_class import give_class_of_its_own, has_class_of_its_own, is_parametrized
from parametrize._recurrent import read_at_next_forward, state_of


def save_module(module: Module, path: str | os.PathLike[str]) -> None:
    """Write `module`, parametrized or not, to `path`: all of it or, on an exception, nothing.

    Classes are saved by name, as pickle does: one that is defined in a function, or that has a
    `__reduce__` of its own beneath a parametrization, is refused. A file that was at `path` is
    replaced at once, so that no reader sees half of the new one.
    """
    _require(isinstance(module, Module), TypeError, "save_module needs a torch.nn.Module", module)
    target = Path(path).resolve()  # a link stays a link
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            torch.save(module, file, pickle_module=_PICKLE)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def load_module(
    path: str | os.PathLike[str],
    *,
    trusted: Iterable[type | Callable[..., Any]] = (),
    weights_only: bool = True,
    map_location: Any = None,
) -> Module:
    """Return the module that `save_module` wrote to `path`, with its parametrizations.

    A file decides which classes are made and with what inside. With `weights_only` these are
    tensors, the modules of `torch.nn`, what `trust` was told (`import manifolds` tells it the
    manifolds), and the classes and functions in `trusted`: name those of your model.
    `weights_only=False` lets the file run any code: for files of your own only.
    Raises `pickle.UnpicklingError` with the names that the file needs beyond these.
    """
    with safe_globals([*_KNOWN, *trusted]):
        missing = sorted(get_unsafe_globals_in_checkpoint(os.fspath(path))) if weights_only else []
        if missing:
            raise pickle.UnpicklingError(
                f"{os.fspath(path)} needs {', '.join(missing)}, which load_module was not told to "
                "trust; pass them in trusted=[...], or weights_only=False for a file of your own"
            )
        module = torch.load(path, map_location=map_location, weights_only=weights_only)
    _require(isinstance(module, Module), TypeError, f"{os.fspath(path)} must hold a module", module)
    for part in list(module.modules()):
        if is_parametrized(part) and not has_class_of_its_own(part):
            give_class_of_its_own(part, type(part))
            read_at_next_forward(part)
    return module  # type: ignore[no-any-return]


def trust(*things: type | Callable[..., Any]) -> None:
    """Let every `load_module` of this process make these: a library names its classes once."""
    _KNOWN.extend(thing for thing in things if thing not in _KNOWN)


class _Pickler(pickle.Pickler):
    """Pickles a parametrized module as an object of the class it had before."""

    def reducer_override(self, thing: Any) -> Any:
        if not (isinstance(thing, Module) and is_parametrized(thing)):
            return NotImplemented
        if not has_class_of_its_own(thing):
            return NotImplemented
        base: Any = type(thing).__bases__[0]
        if (base.__reduce__, base.__reduce_ex__) != (object.__reduce__, object.__reduce_ex__):
            raise pickle.PicklingError(
                f"{base.__name__} has a __reduce__ of its own, which would lose its "
                "parametrizations; save its state_dict() instead"
            )
        return blank, (base,), state_of(thing, base)


def blank(cls: Any) -> Any:
    """Return an object of the class without calling its constructor. Files name this function."""
    return cls.__new__(cls)


def _require(fulfilled: bool, error: type[Exception], rule: str, got: Any) -> None:  # noqa: FBT001
    if not fulfilled:
        raise error(f"{rule}, got {type(got).__name__}")


_PICKLE = SimpleNamespace(__name__=__name__, Pickler=_Pickler)
_KNOWN: list[Any] = [
    ParametrizationList,
    LastRead,
    blank,
    *{c for c in vars(nn).values() if isinstance(c, type) and issubclass(c, Module)},
]
