"""Tied tensors: one Parameter under several names, as of an embedding and the layer after it.

`register_parametrization` changes one of the names. The others keep the Parameter, which is now
the original: they compute with another value than the first, as in torch. Where all names are to
keep one value, register and remove them together.
"""

from collections.abc import Sequence

from torch.nn import Module

from parametrize._module_class import is_parametrized
from parametrize._register import register_all
from parametrize._remove import remove_all

Owner = tuple[Module, str]


def register_tied_parametrization(
    owners: Sequence[Owner], parametrization: Module, *, unsafe: bool = False
) -> None:
    """From now on every name in `owners` is parametrization(the tensor they share).

        register_tied_parametrization(
            [(model.embedding, "weight"), (model.output, "weight")], Symmetric()
        )

    There is one original, one function and, inside `cached()`, one evaluation for all; the tensor
    stays tied. The rest is as in `register_parametrization`, of which this is the form for several
    names. ValueError unless all names are one tensor.
    """
    _require_distinct(owners)
    first, name = owners[0]
    for module, other in owners[1:]:
        if _behind(module, other) is not _behind(first, name):
            raise ValueError(
                f"{type(module).__name__}.{other} is not the tensor that "
                f"{type(first).__name__}.{name} is; tie them first, by assigning one to the other"
            )
    register_all(owners, parametrization, unsafe=unsafe)


def remove_tied_parametrizations(
    owners: Sequence[Owner], *, leave_parametrized: bool = True
) -> None:
    """Every name in `owners` is a plain tensor again, the same one.

    ValueError unless these are all the names that were registered together.
    """
    _require_distinct(owners)
    for module, name in owners:
        if not is_parametrized(module, name) or _behind(module, name) is not _behind(*owners[0]):
            raise ValueError(
                f"{type(module).__name__}.{name} is not parametrized together with "
                f"{type(owners[0][0]).__name__}.{owners[0][1]}"
            )
    remove_all(owners, leave_parametrized=leave_parametrized)


def _require_distinct(owners: Sequence[Owner]) -> None:
    if not owners:
        raise ValueError("a tied tensor needs the modules and names that share it, got none")
    names = {(id(module), name) for module, name in owners}
    if len(names) < len(owners):
        raise ValueError(f"a name of a tied tensor is given twice: {[n for _, n in owners]}")


def _behind(module: Module, name: str) -> object:
    """What the name stands for: its parametrization, or its tensor."""
    if is_parametrized(module, name):
        return module.parametrizations[name]  # type: ignore[index]
    return getattr(module, name, None)
