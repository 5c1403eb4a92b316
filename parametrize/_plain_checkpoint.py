"""Checkpoints of the plain module from a parametrized one, and back.

A model that was trained with parametrizations can so be published for those who do not have them,
and published weights be trained under a parametrization.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.modules.module import _IncompatibleKeys

from parametrize._list import ParametrizationList
from parametrize._module_class import is_parametrized
from parametrize._transaction import transaction


def plain_state_dict(module: Module) -> dict[str, Any]:
    """Return the names and values that `module.state_dict()` would have without parametrizations.

    Each value is computed anew and without a graph; the rest shares memory with the module, as in
    `state_dict`. Buffers that are not persistent are left out, and so are the version numbers of
    modules (`_metadata`). Another name of a tied tensor that is parametrized under one name alone
    has the original, as it has in the module.
    """
    state = module.state_dict()
    values = {prefix: (key, held) for key, prefix, held in _parametrized(module)}
    computed: dict[ParametrizationList, Tensor] = {}  # tied tensors stay one tensor
    plain: dict[str, Any] = {}
    for key, thing in state.items():
        inside = next((p for p in values if key.startswith(p)), None)
        if inside is None:
            plain[key] = thing
            continue
        name, held = values[inside]
        if name not in plain and not held._non_persistent_buffers_set:
            if held not in computed:
                with torch.no_grad():
                    computed[held] = held().detach()
            plain[name] = computed[held]
    return plain


def load_plain_state_dict(
    module: Module, state_dict: Mapping[str, Any], *, strict: bool = True
) -> _IncompatibleKeys:
    """Load a checkpoint of the plain module: parametrized tensors are assigned, the rest copied.

    Assigning goes through the right inverses; what the functions hold themselves stays. Values are
    cast to the dtype and device that the module has. Returns the missing and unexpected keys; with
    `strict` there must be none: RuntimeError. On any exception the module is as it was (it is
    copied for that), and the exception says at which key it happened.
    """
    parametrized = [
        (k, prefix, held)
        for k, prefix, held in _parametrized(module)
        if not held._non_persistent_buffers_set
    ]
    own = {key for key, _, _ in parametrized}
    with transaction(module):
        rest = {key: thing for key, thing in state_dict.items() if key not in own}
        report = module.load_state_dict(rest, strict=False)
        inside = tuple(prefix for _, prefix, _ in _parametrized(module))
        missing = [key for key in report.missing_keys if not key.startswith(inside or ("\0",))]
        missing += sorted(own - state_dict.keys())
        unexpected = list(report.unexpected_keys)
        unexpected += [key for key in rest if key.startswith(inside or ("\0",))]
        if strict and (missing or unexpected):
            raise RuntimeError(
                f"the checkpoint is not one of a plain {type(module).__name__}: it lacks "
                f"{missing} and has {sorted(set(unexpected))} beyond it; pass strict=False to load "
                "what fits"
            )
        for key, _, _ in parametrized:
            if key in state_dict:
                _assign(module, key, state_dict[key])
    return _IncompatibleKeys(missing, sorted(set(unexpected)))


def _assign(module: Module, key: str, value: Any) -> None:
    path, _, name = key.rpartition(".")
    owner = module.get_submodule(path)
    try:
        if isinstance(value, Tensor):
            with torch.no_grad():
                value = value.to(getattr(owner, name))
        setattr(owner, name, value)
    except Exception as error:
        error.add_note(f"while loading {key!r} into {type(module).__name__}")
        raise


def _parametrized(module: Module) -> Iterator[tuple[str, str, ParametrizationList]]:
    """Yield the plain key, the prefix of the keys in its place, and what is behind it."""
    inside: list[str] = []
    for path, part in module.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        if not is_parametrized(part) or prefix.startswith(tuple(inside)):
            continue  # an original that is parametrized itself belongs to the outer value
        for name, held in part.parametrizations.items():  # type: ignore[operator,union-attr]
            if isinstance(getattr(type(part), name, None), property):
                inside.append(f"{prefix}parametrizations.{name}.")
                yield prefix + name, inside[-1], held
