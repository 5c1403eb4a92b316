"""Which parameters took the place of which, and how an optimizer learns of it.

A registration with several originals makes new parameters, and so does its removal. An optimizer
made before holds the old ones: it would train what nobody reads, without a word.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from weakref import ref

from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim import LBFGS, Adagrad, Optimizer
from torch.utils.weak import WeakIdKeyDictionary

from parametrize._module_class import is_parametrized

# The place of each parameter that was replaced or replaced one. Weak on both sides: what is noted
# here keeps no tensor alive
_places: Any = WeakIdKeyDictionary()


class _Place:
    """The parameters that are now where one was at first."""

    def __init__(self, first: Tensor) -> None:
        self.current = [ref(first)]

    def exchange(self, before: list[Parameter], after: list[Parameter]) -> None:
        """Put `after` where the first of `before` is."""
        gone, new = {id(tensor) for tensor in before}, list(map(ref, after))
        current: list[ref[Any]] = []
        for reference in self.current:
            if id(reference()) not in gone:
                current.append(reference)
            else:
                current += new
                new = []
        self.current = current


def note_replacement(before: Iterable[Tensor], after: Iterable[Tensor]) -> None:
    """Note that the parameters `before` gave their place to those in `after`."""
    old = [tensor for tensor in before if isinstance(tensor, Parameter)]
    new = [tensor for tensor in after if isinstance(tensor, Parameter)]
    for tensor in old:
        place = _places.setdefault(tensor, _Place(tensor))
        place.exchange(old, new)
        for successor in new:
            _places.setdefault(successor, place)


def update_optimizer(optimizer: Optimizer, module: Module) -> Optimizer:
    """Let `optimizer` train the parameters that `module` has now; returns the optimizer.

        optimizer = torch.optim.Adam(model.parameters())
        register_parametrization(model.layer, "weight", RankOne())  # two new parameters
        update_optimizer(optimizer, model)

    A parameter that a registration or removal replaced gives its place, in its group and with its
    options, to those that replaced it; parameters of the functions themselves come after the
    originals. The state (momentum) of what is gone is dropped, all else stays. A second call
    changes nothing. Raises ValueError, before any change, where the optimizer has no parameter of
    `module`, and TypeError for LBFGS, whose state is one vector over all parameters.
    """
    if isinstance(optimizer, LBFGS):
        raise TypeError(
            "LBFGS keeps one history over all parameters and cannot exchange some of them; "
            "construct a new LBFGS after registering"
        )
    names = {id(p): name for name, p in module.named_parameters()}
    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    companions = _companions(module, known=set(held))
    groups = [_renewed(group, names, companions, set(held)) for group in optimizer.param_groups]
    if not any(id(p) in names for group in groups for _, p in group):
        raise ValueError(
            f"the optimizer has no parameter of {type(module).__name__}; "
            "add them with optimizer.add_param_group"
        )
    kept = {id(p) for group in groups for _, p in group}
    for group, renewed in zip(optimizer.param_groups, groups, strict=True):
        for gone in [p for p in group["params"] if id(p) not in kept]:
            optimizer.state.pop(gone, None)
        group["params"][:] = [p for _, p in renewed]
        if "param_names" in group:
            group["param_names"][:] = [name for name, _ in renewed]
        if isinstance(optimizer, Adagrad):
            _begin(optimizer, group)
    return optimizer


def _begin(optimizer: Adagrad, group: dict[str, Any]) -> None:
    """Make the state of new parameters: torch 2.6 does it only where Adagrad is constructed."""
    new = [p for p in group["params"] if p not in optimizer.state]
    if new:
        options = {name: group[name] for name in optimizer.defaults}
        optimizer.state.update(Adagrad(new, **options).state)


Named = tuple[str, Tensor]


def _renewed(
    group: dict[str, Any],
    names: dict[int, str],
    companions: dict[int, list[Tensor]],
    held: set[int],
) -> list[Named]:
    """The group's parameters after the exchange; `held` grows by the new ones."""
    found: list[Named] = []
    old_names = group.get("param_names", [""] * len(group["params"]))
    for old, name in zip(group["params"], old_names, strict=True):
        for p in _current(old, names):
            if p is old or id(p) not in held:
                found.append((name if p is old else names[id(p)], p))
            for companion in companions.pop(id(p), []):
                found.append((names[id(companion)], companion))
                held.add(id(companion))
            held.add(id(p))
    return found


def _current(parameter: Tensor, names: dict[int, str]) -> list[Tensor]:
    """The parameter itself, or those in the module that replaced it."""
    if id(parameter) in names or parameter not in _places:
        return [parameter]
    found = [reference() for reference in _places[parameter].current]
    return [p for p in found if id(p) in names] or [parameter]


def _companions(module: Module, known: set[int]) -> dict[int, list[Tensor]]:
    """The functions' own parameters that no group has, by the id of the last original."""
    found: dict[int, list[Tensor]] = {}
    for held in _lists(module):
        originals = [p for name, p in held._parameters.items() if name.startswith("original")]
        own = [p for p in held.parameters() if not any(p is o for o in originals)]
        new = [p for p in own if id(p) not in known]
        if originals and new:
            found[id(originals[-1])] = new
            known.update(map(id, new))
    return found


def _lists(module: Module) -> Iterator[Any]:
    for part in module.modules():
        if is_parametrized(part):
            yield from part.parametrizations.values()  # type: ignore[operator,union-attr]
