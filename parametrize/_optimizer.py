"""Which parameters took the place of which, and how an optimizer learns of it.

A registration with several originals makes new parameters, and so does its removal. An optimizer
made before holds the old ones: it would train what nobody reads, without a word. So a parameter
that is replaced remembers under which name it was, and what is behind that name now replaces it.
There is no weak reference to a parameter: torch could not swap it any more, as conversions do.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from weakref import ref

from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim import LBFGS, Adagrad, Optimizer

from parametrize._module_class import list_behind, lists_of, original_names


class _Place:
    """The names that a parameter had; none in a copy or a file."""

    def __init__(self, owners: Sequence[tuple[Module, str]] = ()) -> None:
        self.names = [(ref(module), name) for module, name in owners]

    def __reduce__(self) -> tuple[Any, ...]:
        return _Place, ()

    def current(self) -> list[Tensor]:
        """What is behind the first name whose module is there."""
        for reference, name in self.names:
            if (module := reference()) is not None:
                return list(_behind(module, name))
        return []


def _behind(module: Module, name: str) -> Iterator[Tensor]:
    """The parameter of that name, or the originals, which may be parametrized themselves."""
    held = list_behind(module, name)
    if held is None:
        if (parameter := module._parameters.get(name)) is not None:
            yield parameter
        return
    for original in original_names(held):
        yield from _behind(held, original)


def note_replacement(before: Iterable[Any], owners: Sequence[tuple[Module, str]]) -> None:
    """Note that the parameters among `before` are not those behind the names any more."""
    for tensor in before:
        if isinstance(tensor, Parameter):
            tensor._place = _Place(owners)  # type: ignore[attr-defined]


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
    place = vars(parameter).get("_place")
    if id(parameter) in names or place is None:
        return [parameter]
    return [p for p in place.current() if id(p) in names] or [parameter]


def _companions(module: Module, known: set[int]) -> dict[int, list[Tensor]]:
    """The functions' own parameters that no group has, by the id of the last original."""
    found: dict[int, list[Tensor]] = {}
    for held in (held for part in module.modules() for held in lists_of(part).values()):
        originals = [p for name, p in held._parameters.items() if name.startswith("original")]
        own = [p for p in held.parameters() if not any(p is o for o in originals)]
        new = [p for p in own if id(p) not in known]
        if originals and new:
            found[id(originals[-1])] = new
            known.update(map(id, new))
    return found
