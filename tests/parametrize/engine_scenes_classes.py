"""Scenarios of classes, copies and pickles."""

import copy
import pickle

import torch
from engine_kinds import (
    NeedsKeyword,
    OwnDeepcopy,
    OwnGetattr,
    OwnRepr,
    OwnSetattr,
    OwnState,
    Proxy,
    Shared,
    Slotted,
)
from engine_layers import linear, parametrized
from engine_outcome import attempt, plain, scene
from engine_zoo import Double, Halves, Symmetric
from torch import nn

KINDS = {
    kind.__name__: kind
    for kind in (Slotted, OwnGetattr, OwnSetattr, OwnDeepcopy, OwnState, OwnRepr, Proxy)
}


KINDS["NeedsKeyword"] = NeedsKeyword


def _make(kind):
    torch.manual_seed(0)
    return Slotted() if kind is Slotted else kind(2, 2)


def _class_scene(name):
    def scenario(engine):
        module = _make(KINDS[name])
        outcome = attempt(lambda: engine.register_parametrization(module, "weight", Symmetric()))
        if not engine.is_parametrized(module, "weight"):
            return outcome
        copied = copy.deepcopy(module)
        facts = [getattr(m, "note", 0) for m in (module, copied)]
        facts += [getattr(m, "answer", 0) for m in (module, copied)]
        facts += [getattr(m, "names", 0) for m in (module, copied)]
        facts += [attempt(lambda: pickle.dumps(module)), attempt(lambda: copy.copy(module))]
        module.weight = torch.eye(2)
        copied.extra = 1
        facts += [plain(copied), copied.weight, engine.type_before_parametrizations(copied)]
        removed = attempt(lambda: engine.remove_parametrizations(module, "weight"))
        return [outcome, facts, removed]

    scenario.__name__ = f"a_module_of_class_{name}"
    return scene(scenario)


for _name in KINDS:
    _class_scene(_name)


@scene
def deepcopy_keeps_values_modes_and_shared_tensors(engine):
    module = Shared()
    parametrized(engine, [Symmetric], module.a)
    parametrized(engine, [Symmetric], module.b)
    copied = copy.deepcopy(module.eval())
    one = copied.a.parametrizations.weight.original
    return [copied, one is copied.b.parametrizations.weight.original]


@scene
def deepcopy_twice_and_of_a_chain(engine):
    module = copy.deepcopy(copy.deepcopy(parametrized(engine, [Halves, Double])))
    return [module, module.weight, engine.is_parametrized(module, "weight")]


@scene
def tied_parameters_registered_on_one_owner(engine):
    module = Shared()
    parametrized(engine, [Double], module.a)
    original = module.a.parametrizations.weight.original
    return [module, original is module.b.weight, module.a.weight, module.b.weight]


@scene
def pickle_of_a_model_around_it_is_refused(engine):
    return attempt(lambda: pickle.dumps(nn.Sequential(parametrized(engine, [Double]))))


@scene
def pickle_of_the_parametrization_list_is_allowed(engine):
    held = parametrized(engine, [Double]).parametrizations.weight
    return pickle.loads(pickle.dumps(held))()  # noqa: S301 -- bytes of our own making


@scene
def is_parametrized_of_a_module_with_another_attribute_of_that_name(engine):
    module = linear()
    module.parametrizations = "mine"
    return [engine.is_parametrized(module), engine.is_parametrized(module, "weight")]


@scene
def type_before_and_after(engine):
    module, before = linear(), engine.type_before_parametrizations
    facts = [before(module), before(parametrized(engine, [Double], module)), type(module).__bases__]
    return [facts, before(engine.remove_parametrizations(module, "weight"))]
