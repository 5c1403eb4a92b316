"""Inside `cached()` a parametrized tensor is computed once, until what it came from changes.

Note [A cached value is the value]
A hit is served only where computing anew would give the same: under equal modes (`_ambient.py`)
and from unchanged sources. The sources of a value are the originals and all that the functions
hold: parameters, buffers, children, plain attributes, the training flag. Each must be the same
object as before, and a tensor also have the same version (`optimizer.step`, `copy_`), the same
memory (`.data =`, which `.double()` uses, is no new version) and the same `requires_grad`.
The number of its hooks is a source too. What nobody can see: a write through `.data`
(`w.data.add_(1)`), and a list, a dict or another plain object that changes in place.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from operator import is_
from typing import Any, ParamSpec, TypeVar
from weakref import ref

import torch
from torch import Tensor
from torch.compiler import is_compiling
from torch.nn import Module

from parametrize._ambient import (
    checkpoint,
    modes,
    outlives_transform,
    refuse_tracing,
    saved_tensor_hooks,
)
from parametrize._lost_write import warn_of_lost_write
from parametrize._sources import Slot, memory_of, sources_of
from parametrize._transaction import version_of

P = ParamSpec("P")
R = TypeVar("R")


class _Entry:
    """A value and what it was computed from."""

    __slots__ = (
        *("value", "value_version", "counts"),
        *("slots", "storages", "tensors"),
    )

    def __init__(
        self, value: Any, slots: list[Slot], growing: list[dict], sources: list[Tensor]
    ) -> None:
        self.value = value
        self.value_version = version_of(value)
        self.counts = [(names, len(names)) for names in growing]
        self.slots = slots
        self.tensors, self.storages = [], []
        for t in sources:
            pointer, storage = memory_of(t)
            self.tensors.append((t, t._version, t.requires_grad, pointer))
            self.storages.append(storage)  # held, no other gets the address

    def holds(self) -> bool:
        """Whether the value would be the same if it were computed again."""
        for names, count in self.counts:
            if len(names) != count:
                return False
        try:
            for names, name, thing in self.slots:
                if names[name] is not thing:
                    return False
        except KeyError:
            return False
        for tensor, version, requires_grad, pointer in self.tensors:
            if (
                tensor._version != version
                or tensor.requires_grad is not requires_grad
                or (pointer is not None and tensor.data_ptr() != pointer)
            ):
                return False
        if self.value_version is not None and self.value._version != self.value_version:
            warn_of_lost_write()
            return False
        return True


class _Scope:
    """The entries of one outermost `cached()`, by the id of what is read, and by mode.

    An id names another module once its own is collected, so it is forgotten then. The cache keeps
    no module alive. (A WeakKeyDictionary does this too, but takes longer than all the rest.)
    """

    def __init__(self) -> None:
        self.entries: dict[int, dict[Any, _Entry]] = {}
        self.references: dict[int, ref[Module]] = {}
        self.checkpoint = checkpoint()
        self.is_open = True

    def value_of(self, held: Module) -> Tensor:
        hooks = saved_tensor_hooks(False)  # noqa: FBT003 -- a builtin without keywords
        if hooks is not self.checkpoint and checkpoint() is not self.checkpoint:
            return held()  # type: ignore[no-any-return]
        mode = modes(held)
        try:
            entry = self.entries[id(held)][mode]
        except KeyError:
            return self._computed(held, mode)
        if entry.holds():
            return entry.value  # type: ignore[no-any-return]
        return self._computed(held, mode)

    def _computed(self, held: Module, mode: Any) -> Tensor:
        refuse_tracing()
        value: Tensor = held()
        by_mode = self._entries_of(held)
        by_mode.pop(mode, None)
        if isinstance(value, Tensor):
            slots, growing = sources_of(held)
            sources = [thing for _, _, thing in slots if isinstance(thing, Tensor)]
            # Writes into inference tensors are not counted: a value of one is never known to hold
            if not any(map(Tensor.is_inference, sources)) and outlives_transform(value, sources):
                by_mode[mode] = _Entry(value, slots, growing, sources)
        return value

    def _entries_of(self, held: Module) -> dict[Any, _Entry]:
        key, entries, references = id(held), self.entries, self.references
        if key not in entries:

            def forget(_: ref[Module]) -> None:
                entries.pop(key, None)
                references.pop(key, None)

            entries[key], references[key] = {}, ref(held, forget)
        return entries[key]

    def close(self) -> None:
        self.is_open = False
        self.references.clear()
        self.entries.clear()


# Each thread and each asyncio task has its own: a task that leaves cached() must not end another's
_scope: ContextVar[_Scope | None] = ContextVar("parametrize_cached", default=None)
# torch.compile cannot trace a ContextVar; it runs this code in one thread and sees a plain list
_traced: list[dict[Module, Any]] = []


class cached:  # noqa: N801 -- used as a function
    """Compute each parametrized tensor once within this context; nests, the outermost counts.

    A change of what the tensor comes from (an optimizer step, an assignment, another registration)
    or of the mode it is read in (no_grad, autocast) computes it anew. Values and their graphs are
    kept until the context ends, which is one of the thread or asyncio task. Also a decorator.
    """

    # a class, as the compiler of torch 2.6 does not trace a `contextlib.contextmanager`
    def __init__(self) -> None:
        self.entered: list[tuple[_Scope | None, _Scope | None]] = []

    def __enter__(self) -> None:
        if is_compiling():
            _traced.append(_traced[-1] if _traced else {})
            return
        outer = _scope.get()
        nested = outer is not None and outer.is_open and outer.checkpoint is checkpoint()
        own = None if nested else _Scope()
        self.entered.append((outer, own))
        _scope.set(own or outer)

    def __exit__(self, *error: object) -> None:
        if is_compiling():
            _traced.pop()
            return
        outer, own = self.entered.pop()
        # not ContextVar.reset: a generator may be closed in another context than it began in
        _scope.set(outer)
        if own is not None:
            own.close()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, each call of it within its own context."""

        @wraps(function)
        def within(*args: P.args, **kwargs: P.kwargs) -> R:
            with cached():
                return function(*args, **kwargs)

        return within


def value_of(held: Module) -> Tensor:
    """Return the cached value if it still holds, else a new one."""
    if is_compiling():
        return _traced_value(held)
    scope = _scope.get()
    if scope is None or not scope.is_open:
        value: Tensor = held()
        held._last_read.follow(value, held)  # type: ignore[union-attr,operator]
        return value
    return scope.value_of(held)


def accept_write(held: Module) -> None:
    """Take what is now in the cached values of `held` for what was computed."""
    scope = _scope.get()
    entries = {} if scope is None else scope.entries.get(id(held), {})
    for entry in entries.values():
        entry.value_version = version_of(entry.value)


def _traced_value(held: Module) -> Tensor:
    """Return the value while torch.compile traces, computed once per cached().

    Versions are unknown while tracing: a write in place between two reads is not seen here.
    """
    if not _traced:
        return held()  # type: ignore[no-any-return]
    tensors = [*held.parameters(), *held.buffers()]
    flags = [torch.is_grad_enabled(), *(module.training for module in held.modules())]
    before = _traced[-1].get(held)
    if before is not None and before[1] == flags and all(map(is_, before[0], tensors)):
        return before[2]  # type: ignore[no-any-return]
    value: Tensor = held()
    _traced[-1][held] = (tensors, flags, value)
    return value
