"""`module.parametrizations.weight`: the tensors that are trained and the functions of them."""

from collections.abc import Iterator, Sequence
from itertools import count, takewhile
from typing import Any

import torch
from torch import Tensor
from torch.__future__ import get_swap_module_params_on_conversion
from torch.nn import Module, ModuleList, Parameter
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from parametrize._functional_call import Owner
from parametrize._lost_write import LastRead
from parametrize._module_class import is_parametrized, original_names
from parametrize._transaction import transaction


class ParametrizationList(ModuleList):
    """value = p_k(... p_1(p_0(original))), or p_0(original0, original1, ...) for several tensors.

    Holds `original` where p_0 has no `right_inverse` or one that returns a tensor, and
    `original0`, `original1`, ... where it returns a sequence. `register_parametrization`
    constructs it; a direct call writes p_0's right inverse into the tensor that is passed.
    """

    original: Tensor
    unsafe: bool

    def __init__(
        self,
        modules: Sequence[Module],
        original: Tensor | Parameter,
        unsafe: bool = False,  # noqa: FBT001, FBT002 -- the signature is torch's
    ) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList needs one or more parametrizations, got none")
        super().__init__(modules)
        # torch.fx records a call of a module of torch.nn, and traces into any other. A function
        # that looks at its values could not be traced. (The class must keep its own name: pickle.)
        vars(self)["__module__"] = "torch.nn.utils.parametrize"
        self.unsafe = unsafe
        self._swapped: list[tuple[Owner, Tensor, Tensor]] = []  # by functional_call
        self._last_read = LastRead()
        new = self._initial(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if isinstance(new, Tensor):
            _require_storable(original, new)
            self._hold("original", original if new is original else _fresh(new, like=original))
        else:
            for i, tensor in enumerate(new):
                _require_tensor(tensor, f"element {i} of what right_inverse returned")
                self._hold(f"original{i}", _fresh(tensor, like=original))
        self._accepted = original.shape, original.dtype, self._kinds()
        if not unsafe:
            require_same_kind(self(), original, "the registered parametrization's value")
        if self.is_tensor and new is not original:
            # Only now: a rejected registration must leave the weight alone. The object stays,
            # since it is the one the optimizer holds.
            _replace(original, self.original.detach())
            self._hold("original", original)

    def __len__(self) -> int:
        # A parametrization of `original` adds a child that is not one of the functions
        return len(list(self._numbers()))

    def __iter__(self) -> Iterator[Module]:
        return (self._modules[i] for i in self._numbers())  # type: ignore[misc]

    def _numbers(self) -> Iterator[str]:
        return takewhile(self._modules.__contains__, map(str, count()))

    def forward(self) -> Tensor:
        """Apply the functions in the order of their registration."""
        modules = self._modules
        if self.is_tensor:
            x = modules["0"](self.original)  # type: ignore[misc]
        else:
            x = modules["0"](*[getattr(self, f"original{i}") for i in range(self.ntensors)])  # type: ignore[misc]
        i = 1
        while (step := modules.get(str(i))) is not None:
            x = step(x)
            i += 1
        return x  # type: ignore[no-any-return]

    @torch.no_grad()
    def right_inverse(self, value: Tensor) -> None:
        """Store originals whose value is `value`; on an exception nothing has changed."""
        with transaction(self):
            self._require_assignable(value)
            for step in reversed(list(self)):
                if not hasattr(step, "right_inverse"):
                    raise RuntimeError(
                        f"a tensor parametrized by {type(step).__name__} cannot be assigned, "
                        "because that parametrization has no right_inverse; define one"
                    )
                value = step.right_inverse(value)  # type: ignore[operator]
            for name, tensor in self._checked_originals(value).items():
                if is_parametrized(self, name):
                    setattr(self, name, tensor)
                else:
                    overwrite(getattr(self, name), tensor)
            self._last_read = LastRead()  # `module.weight += 1` writes into a value and assigns it

    def _initial(self, original: Tensor) -> Any:
        new: Any = original
        with torch.no_grad():
            for step in reversed(list(self)):
                if hasattr(step, "right_inverse"):
                    try:
                        new = step.right_inverse(new)  # type: ignore[operator]
                    except NotImplementedError:
                        continue  # as if it had none: the identity
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "right_inverse must return a tensor or a sequence of tensors, "
                f"got {type(new).__name__}"
            )
        return new

    def _hold(self, name: str, tensor: Tensor) -> None:
        if name in self._parameters or name in self._buffers:
            delattr(self, name)
        if isinstance(tensor, Parameter):
            self.register_parameter(name, tensor)
        else:
            self.register_buffer(name, tensor)

    def _require_assignable(self, value: Any) -> None:
        if self.unsafe or not isinstance(value, Tensor):
            return
        if not all(hasattr(step, "right_inverse") for step in self):
            return
        kind = value.shape, value.dtype, self._kinds()
        if kind != self._accepted:
            # The module may have been converted since (`.double()`, pruned channels): ask it
            require_same_kind(value, self(), "the assigned tensor")
            self._accepted = kind

    def _kinds(self) -> list[tuple[torch.Size, torch.dtype]]:
        """Shape and dtype of what is stored."""
        stored = [getattr(self, name) for name in original_names(self)]
        return [(tensor.shape, tensor.dtype) for tensor in stored]

    def _checked_originals(self, value: Any) -> dict[str, Tensor]:
        if self.is_tensor:
            _require_tensor(value, "what right_inverse returned")
            originals = {"original": value}
        else:
            length = len(value) if isinstance(value, Sequence) else None
            if length != self.ntensors:
                got = type(value).__name__ if length is None else f"{length} of them"
                raise ValueError(f"right_inverse must return {self.ntensors} tensors, got {got}")
            originals = {f"original{i}": tensor for i, tensor in enumerate(value)}
        for name, tensor in originals.items():
            _require_tensor(tensor, f"what right_inverse returned for {name}")
            dtype = getattr(self, name).dtype
            if tensor.dtype != dtype:
                raise ValueError(
                    f"right_inverse must return {dtype} for {name}, as it is stored, "
                    f"got {tensor.dtype}"
                )
        return originals


def require_same_kind(value: Any, wanted: Tensor, subject: str) -> None:
    """Raise ValueError unless `value` is a tensor of the dtype and shape of `wanted`."""
    _require_tensor(value, subject)
    for attribute in ("dtype", "shape"):
        got, needed = getattr(value, attribute), getattr(wanted, attribute)
        if got != needed:
            hint = "cast it with .to(dtype), or " if attribute == "dtype" else ""
            raise ValueError(
                f"{subject} must have {attribute} {needed}, got {got}; "
                f"{hint}register_parametrization with unsafe=True if this is meant"
            )


def overwrite(tensor: Tensor, new: Tensor) -> None:
    """Give `tensor` a copy of the value of `new`; the object and its requires_grad stay."""
    if new is not tensor:
        # A copy: a 3x3 slice of a large tensor would otherwise drag all of it into checkpoints
        _replace(tensor, new.detach().clone())


@torch.no_grad()
def _replace(tensor: Tensor, new: Tensor) -> None:
    """Give `tensor` the memory of `new`, so that views of its old memory keep the old value."""
    if get_swap_module_params_on_conversion() or is_traceable_wrapper_subclass(tensor):
        torch.utils.swap_tensors(tensor, _fresh(new, like=tensor))
    else:
        tensor.set_(new)  # type: ignore[call-overload]


def _fresh(new: Tensor, *, like: Tensor) -> Tensor:
    """Copy `new`; a parameter if `like` is one, requiring a gradient if `like` does."""
    copy = new.detach().clone()
    if isinstance(like, Parameter):
        return Parameter(copy, requires_grad=like.requires_grad)
    return copy.requires_grad_(like.requires_grad)


def _require_tensor(value: Any, subject: str) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"{subject} must be a tensor, got {type(value).__name__}")


def _require_storable(original: Tensor, new: Tensor) -> None:
    for attribute in ("dtype", "device"):
        got, needed = getattr(new, attribute), getattr(original, attribute)
        if got != needed:
            raise ValueError(
                f"a right_inverse that returns one tensor must keep the {attribute} {needed}, "
                f"got {got}; return a sequence of one tensor to change it"
            )
