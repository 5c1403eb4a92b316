"""Reading `module.weight` evaluates: the module's class is replaced by a subclass of its own.

A property can live only in a class, so each parametrized module gets one, `ParametrizedLinear`
for a `Linear`. No two modules share it, deep copies included: registering on a copy or removing
from it would change the other.
"""

import copy
import copyreg
from typing import Any

from torch import Tensor
from torch.nn import Module, ModuleDict

from parametrize import _cache
from parametrize._functional_call import is_swapped
from parametrize._recurrent import methods_for, renew_weight_lists, without_weight_lists


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
        if is_parametrized_here(self, name) and name in own:
            return _explain_failure(self, name)
        return super(cls, self).__getattr__(name)

    def set_attribute(self: Module, name: str, value: Any) -> None:
        if isinstance(value, Tensor) and is_parametrized_here(self, name):
            if is_swapped(self._modules["parametrizations"]._modules[name], value):  # type: ignore[union-attr]
                return
            # Module.__setattr__ would register a Parameter or Buffer under the property's name
            value = value.detach()
        super(cls, self).__setattr__(name, value)

    def deepcopy(self: Module, memo: dict[int, Any]) -> Module:
        inherited = getattr(super(cls, self), "__deepcopy__", None)
        replica: Module = inherited(memo) if inherited else _copy_state(self, memo)
        if type(replica) is cls and replica is not self:
            give_class_of_its_own(replica, base)
            renew_weight_lists(replica)
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
    """Whether the module's class was derived for it; a class of the user's gets no properties.

    `is_parametrized` does not tell: a module may have a ModuleDict of that name by chance.
    """
    cls = type(module)
    return cls.__name__ == f"Parametrized{cls.__bases__[0].__name__}"


def expose(module: Module, tensor_name: str) -> None:
    """Make `module.<tensor_name>` evaluate on reading and apply the right inverse on writing."""

    def value(self: Module) -> Tensor:
        held: Any = self._modules["parametrizations"]._modules[tensor_name]  # type: ignore[union-attr]
        return held._swapped[-1][1] if held._swapped else _cache.value_of(held)  # type: ignore[no-any-return]

    def assign(self: Module, value: Tensor) -> None:
        self.parametrizations[tensor_name].right_inverse(value)  # type: ignore[index,operator,union-attr]

    setattr(type(module), tensor_name, property(value, assign))


def is_parametrized_here(module: Module, name: str) -> bool:
    """`is_parametrized`, without attribute access: for use inside attribute access."""
    parametrizations = module.__dict__.get("_modules", {}).get("parametrizations")
    return parametrizations is not None and name in parametrizations._modules


def _explain_failure(module: Module, name: str) -> Tensor:
    # Python turns an AttributeError inside a property into a call of __getattr__ and forgets it,
    # so torch reports "no attribute 'weight'" for a typo inside a parametrization.
    try:
        return module._modules["parametrizations"]._modules[name]()  # type: ignore[union-attr,misc]
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
    for name in replica.parametrizations:  # type: ignore[union-attr]
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
    "__module__": "torch.nn.utils.parametrize",
    "__getstate__": _refuse_pickling,
    "__prepare_scriptable__": _refuse_scripting,
}
