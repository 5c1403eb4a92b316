"""Reading `module.weight` evaluates: the module's class is replaced by a subclass of its own.

A property can live only in a class, so each parametrized module gets one, `ParametrizedLinear`
for a `Linear`. No two modules share it, deep copies included: registering on a copy or removing
from it would change the other.
"""

import copy
import copyreg
from typing import Any
from weakref import WeakKeyDictionary, ref

from torch import Tensor
from torch.nn import Module, ModuleDict
from torch.nn.utils import parametrize as reference

from parametrize import _cache
from parametrize._functional_call import is_swapped, swapped_in
from parametrize._recurrent import methods_for, read_at_next_forward, without_weight_lists

# The modules and names that each list was exposed under. Weak on both sides, and not in the list:
# a copy or a loaded module has owners of its own
_owners: WeakKeyDictionary[Module, list[tuple[ref[Module], str]]] = WeakKeyDictionary()


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name is parametrized; without a name, whether any tensor is."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def type_before_parametrizations(module: Module) -> type:
    """Return the class that the module had before its first registration."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def parametrized_class(base: type) -> type:
    """Derive from `base` a class whose instances evaluate, deep copy, and refuse pickling."""

    def get_missing(self: Module, name: str) -> Any:
        held = list_behind(self, name)
        if held is not None and is_ours(held) and name in own:
            return _explain_failure(self, name, held)
        return super(cls, self).__getattr__(name)

    def set_attribute(self: Module, name: str, value: Any) -> None:
        if isinstance(value, Tensor) and (held := list_behind(self, name)) is not None:
            if is_ours(held) and is_swapped(held, (id(self), name), value):
                return
            # Module.__setattr__ would register a Parameter or Buffer under the property's name
            value = value.detach()
        super(cls, self).__setattr__(name, value)

    def deepcopy(self: Module, memo: dict[int, Any]) -> Module:
        inherited = getattr(super(cls, self), "__deepcopy__", None)
        replica: Module = inherited(memo) if inherited else _copy_state(self, memo)
        if type(replica) is cls and replica is not self:
            give_class_of_its_own(replica, base)
            read_at_next_forward(replica)
        return replica

    methods = {
        "__getattr__": get_missing,
        "__setattr__": set_attribute,
        "__deepcopy__": deepcopy,
    }
    cls: Any = type(f"Parametrized{base.__name__}", (base,), _COMMON | methods | methods_for(base))
    own = vars(cls)
    return cls  # type: ignore[no-any-return]


def has_class_of_its_own(module: Module) -> bool:
    """Whether the module's class was derived for it, by us or by torch.

    A class of the user's gets no properties. Neither `is_parametrized` nor the name tells: a module
    may have a ModuleDict of that name by chance, and a class be called ParametrizedLinear.
    """
    own = vars(type(module))
    return own.get("__module__") == reference.__name__ and "__getstate__" in own


def expose(module: Module, tensor_name: str) -> None:
    """Make `module.<tensor_name>` evaluate on reading and apply the right inverse on writing."""
    held = list_behind(module, tensor_name)
    if not is_ours(held):
        reference._inject_property(module, tensor_name)
        return

    def value(self: Module) -> Tensor:
        held: Any = self._modules["parametrizations"]._modules[tensor_name]  # type: ignore[union-attr]
        if held._swapped:
            return swapped_in(held, (id(self), tensor_name))
        return _cache.value_of(held)

    def assign(self: Module, value: Tensor) -> None:
        self.parametrizations[tensor_name].right_inverse(value)  # type: ignore[index,operator,union-attr]

    setattr(type(module), tensor_name, property(value, assign))
    _owners.setdefault(held, []).append((ref(module), tensor_name))


def owners_of(held: Module) -> list[tuple[Module, str]]:
    """The modules and names that have `held` behind them now; several where they are tied."""
    alive = [(owner(), name) for owner, name in _owners.get(held, [])]
    return [(m, name) for m, name in alive if m is not None and list_behind(m, name) is held]


def list_behind(module: Module, name: str) -> Any:
    """The list that the parametrized tensor of that name is computed by, or None.

    Without attribute access: for use inside it. A user's ModuleDict may have the list's name.
    """
    parametrizations = module.__dict__.get("_modules", {}).get("parametrizations")
    if parametrizations is None or name not in parametrizations._modules:
        return None
    held = parametrizations._modules[name]
    return held if is_ours(held) or isinstance(held, reference.ParametrizationList) else None


def lists_of(module: Module) -> dict[str, Any]:
    """The lists behind all parametrized tensors of the module itself."""
    names = module.parametrizations if is_parametrized(module) else ()
    found = {name: list_behind(module, name) for name in names}  # type: ignore[union-attr]
    return {name: held for name, held in found.items() if held is not None}


def original_names(held: Any) -> list[str]:
    """Under which names a list holds what is trained."""
    return ["original"] if held.is_tensor else [f"original{i}" for i in range(held.ntensors)]


def is_ours(held: Any) -> bool:
    """Whether a list is one of this engine, whose class is defined above this file."""
    return "_swapped" in vars(held)


def _explain_failure(module: Module, name: str, held: Any) -> Tensor:
    # Python turns an AttributeError inside a property into a call of __getattr__ and forgets it,
    # so torch reports "no attribute 'weight'" for a typo inside a parametrization.
    try:
        return held()  # type: ignore[no-any-return]
    except AttributeError as cause:
        raise AttributeError(
            f"{type(module).__name__}.{name} could not be computed, because its parametrization "
            f"raised an AttributeError: {cause}",
            name=name,
            obj=module,
        ) from cause


def give_class_of_its_own(replica: Module, base: type) -> None:
    """Derive a class for a module that has parametrizations but not the properties for them."""
    object.__setattr__(replica, "__class__", parametrized_class(base))  # past a user's __setattr__
    for name in lists_of(replica):
        expose(replica, name)


def _copy_state(module: Module, memo: dict[int, Any]) -> Module:
    replica: Module = type(module).__new__(type(module))
    memo[id(module)] = replica
    replica.__dict__ = copy.deepcopy(without_weight_lists(module, module.__dict__), memo)
    for slot in copyreg._slotnames(type(module)):  # type: ignore[attr-defined]
        if hasattr(module, slot):
            setattr(replica, slot, copy.deepcopy(getattr(module, slot), memo))
    return replica


def _refuse_scripting(module: Module) -> Any:
    raise RuntimeError(
        f"{type(module).__name__} cannot be scripted, because TorchScript does not know "
        "parametrizations; use torch.compile or torch.export, or call remove_parametrizations first"
    )


def _refuse_pickling(module: Module) -> Any:
    raise RuntimeError(
        f"{type(module).__name__} cannot be pickled, because its class exists only in this "
        "process; save module.state_dict() and load it into a module with the same "
        "parametrizations, or call remove_parametrizations first"
    )


_COMMON = {
    # torch.fx and torch.compile know classes of this module: fx would otherwise trace into the
    # layer and record its weight as a constant
    "__module__": reference.__name__,
    "__getstate__": _refuse_pickling,
    "__prepare_scriptable__": _refuse_scripting,
}
