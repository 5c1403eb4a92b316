"""A change of a module is all or nothing: on any exception its tensors and names are as before.

User code runs in the middle of every change (a `right_inverse` that stores a base point in a
buffer of its own, an `__init_subclass__`, a Ctrl-C), so checking first is not enough.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.parameter import is_lazy

from parametrize._sources import distinct_modules

_CONTAINERS = ("_parameters", "_buffers", "_modules")


class _TensorBefore:
    """A tensor's memory and the values in it; `restore` brings both back into the same object."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.memory = tensor.detach()
        self.values = self.memory.clone()
        self.version = version_of(tensor)

    def restore(self) -> None:
        self.tensor.data = self.memory
        if version_of(self.tensor) == self.version:
            # Only a write through `.data` can hide here. Undoing it must not count as a write,
            # or a loss computed before the failed change could no longer be differentiated.
            self.memory.data.copy_(self.values)
        else:
            self.memory.copy_(self.values)


class _NamesBefore:
    """Which parameters, buffers and children a module has, in which order; its class and mode."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.type, self.training = type(module), module.training
        # Only a module with parametrizations has a class of its own, which may get and lose some
        changeable = "parametrizations" in module._modules
        self.properties = properties(self.type) if changeable else None
        found = (vars(module).get(name) for name in _CONTAINERS)
        # A scripted module has wrappers of C++ containers instead, which nobody writes in Python
        self.containers = [(c, dict(c)) for c in found if isinstance(c, dict)]
        self.non_persistent = set(module._non_persistent_buffers_set)

    def restore(self) -> None:
        for container, before in self.containers:
            container.clear()
            container.update(before)
        self.module._non_persistent_buffers_set = self.non_persistent
        if type(self.module) is not self.type:
            object.__setattr__(self.module, "__class__", self.type)
        self.module.training = self.training
        if self.properties is None:
            return
        for name in properties(self.type).keys() - self.properties.keys():
            delattr(self.type, name)
        for name in self.properties.keys() - properties(self.type).keys():
            setattr(self.type, name, self.properties[name])


def properties(cls: type) -> dict[str, property]:
    """Those of the class itself, by which parametrized tensors are read."""
    return {name: thing for name, thing in vars(cls).items() if isinstance(thing, property)}


class Snapshot:
    """All of `written` and below, the names in `renamed`, and `tensors`, as they are now.

    `renamed` is for a host whose own children stay out of it: a large model is not copied.
    """

    def __init__(
        self,
        *written: Module,
        renamed: Iterable[Module] = (),
        tensors: Iterable[Tensor] = (),
    ) -> None:
        below = list(chain(*map(distinct_modules, written)))
        stored = (chain(m._parameters.values(), m._buffers.values()) for m in below)
        held = chain(*stored, tensors)
        distinct = {id(t): t for t in held if t is not None and not is_lazy(t)}.values()
        self.names = [_NamesBefore(m) for m in {id(m): m for m in [*renamed, *below]}.values()]
        with torch.no_grad():
            self.values = [_TensorBefore(t) for t in distinct]

    def restore(self) -> None:
        """Bring all of it back."""
        for name in self.names:
            name.restore()
        with torch.no_grad():
            for value in self.values:
                value.restore()


@contextmanager
def transaction(
    *written: Module, renamed: Iterable[Module] = (), tensors: Iterable[Tensor] = ()
) -> Iterator[None]:
    """Restore the snapshot on any exception."""
    before = Snapshot(*written, renamed=renamed, tensors=tensors)
    try:
        yield
    except BaseException:  # a Ctrl-C in user code must not leave half a change either
        before.restore()
        raise


def version_of(tensor: Tensor) -> int | None:
    """Return the number of writes into the tensor; None where torch does not count them."""
    return None if tensor.is_inference() else tensor._version
