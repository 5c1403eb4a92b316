"""Scenarios of classes, copies, hooks, caches, transfer and checkpoints."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import copy
import pickle

import torch
from engine_outcome import attempt, plain, scene
from engine_scenes_assign import parametrized
from engine_zoo import (
    Based,
    Counting,
    Double,
    Halves,
    Holder,
    NoInverse,
    Raises,
    Shift,
    Symmetric,
    linear,
    symmetric,
)
from torch import nn


class Slotted(nn.Linear):
    __slots__ = ("note", "unset")

    def __init__(self):
        super().__init__(2, 2)
        self.note = [1]


class OwnGetattr(nn.Linear):
    def __getattr__(self, name):
        return 42 if name == "answer" else super().__getattr__(name)


class OwnSetattr(nn.Linear):
    def __setattr__(self, name, value):
        self.__dict__.setdefault("names", []).append(name)
        super().__setattr__(name, value)


class OwnDeepcopy(nn.Linear):
    def __deepcopy__(self, memo):
        result = type(self).__new__(type(self))
        memo[id(self)] = result
        result.__dict__ = copy.deepcopy(self.__dict__, memo)
        result.__dict__["copied"] = True
        return result


class OwnState(nn.Linear):
    def __getstate__(self):
        return {"state": "mine"}


class NeedsKeyword(nn.Linear):
    def __init_subclass__(cls, *, keyword, **options):
        super().__init_subclass__(**options)


class OwnRepr(nn.Linear):
    def extra_repr(self):
        return f"shape={tuple(self.weight.shape)}"


class Proxy(nn.Linear):
    """Answers for every name, so its tensor cannot be told from what __getattr__ makes up."""

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            if "bias" not in self._parameters:
                raise  # still under construction
            return None


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = linear(), linear()
        self.b.weight = self.a.weight


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
def state_dict_into_a_fresh_module(engine):
    source, target = (
        parametrized(engine, [Symmetric, Shift]),
        linear().requires_grad_(requires_grad=False),
    )
    source.weight = symmetric()
    parametrized(engine, [Symmetric, Shift], target)
    return [target.load_state_dict(source.state_dict()), target, target.weight]


@scene
def state_dict_of_a_plain_module_is_not_accepted(engine):
    return attempt(lambda: parametrized(engine, [Double]).load_state_dict(linear().state_dict()))


@scene
def state_dict_assigned(engine):
    module = parametrized(engine, [Double])
    state = {k: v + 1 for k, v in module.state_dict().items()}
    return [module.load_state_dict(state, assign=True), module, module.weight]


@scene
def hooks_on_the_module_and_on_the_list(engine):
    module, seen = parametrized(engine, [Double]), []
    module.register_forward_hook(lambda *args: seen.append(args[-1]))
    held = module.parametrizations.weight
    held.register_forward_hook(lambda *args: seen.append("list") or args[-1] + 1)
    held[0].register_forward_pre_hook(lambda *_: seen.append("function"))
    return [module(torch.ones(1, 3)), seen, module.weight]


@scene
def a_state_dict_hook_sees_the_original(engine):
    module, seen = parametrized(engine, [Double]), []
    module.register_state_dict_post_hook(lambda *args: seen.append(list(args[1])))
    return [module.state_dict(), seen]


@scene
def a_parametrization_of_the_original(engine):
    module = parametrized(engine, [Symmetric])
    parametrized(engine, [Double], module.parametrizations.weight, "original")
    held = module.parametrizations.weight
    facts = [held.original, module.weight, type(held), module.state_dict()]
    engine.remove_parametrizations(held, "original", leave_parametrized=False)
    return [facts, module]


@scene
def training_mode_reaches_the_functions_later_too(engine):
    module = parametrized(engine, [Double, Shift]).eval()
    return [module.parametrizations.weight[0].training, module.train()]


@scene
def conversion_device_and_zero_grad(engine):
    module = parametrized(engine, [Shift])
    module(torch.ones(1, 3)).sum().backward()
    module.zero_grad()
    return [module.to(torch.float64), module.weight, module.to("meta")]


@scene
def gradients_reach_originals_and_own_parameters(engine):
    module = parametrized(engine, [Halves, Shift, Symmetric])
    module(torch.ones(1, 3)).square().sum().backward()
    return [p.grad for p in module.parameters()]


@scene
def freezing_after_registration(engine):
    module = parametrized(engine, [Double]).requires_grad_(requires_grad=False)
    return [module, module.weight, engine.remove_parametrizations(module, "weight")]


@scene
def cached_values_are_one_object(engine):
    module = parametrized(engine, [Counting])
    calls = module.parametrizations.weight[0].calls
    with engine.cached():
        one, two = module.weight, module.weight
        with engine.cached():
            three = module.weight
        four = module.weight
    five = module.weight
    return [one is two, one is three, one is four, one is five, calls]


@scene
def cached_as_a_decorator_and_after_an_exception(engine):
    module = parametrized(engine, [Counting])

    @engine.cached()
    def fails():
        raise IndexError(module.weight + module.weight)

    return [attempt(fails), module.weight is module.weight, module.parametrizations.weight[0].calls]


@scene
def cached_gradients_are_those_of_every_use(engine):
    module = parametrized(engine, [Symmetric])
    with engine.cached():
        module(module(module(torch.ones(1, 3)))).sum().backward()
    return [p.grad for p in module.parameters()]


@scene
def an_error_in_the_forward_is_seen_when_reading(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Raises(forward=KeyError()), unsafe=True)
    return [attempt(lambda: module.weight), attempt(lambda: module(torch.ones(1, 3)))]


@scene
def an_attribute_error_in_the_forward_is_one(engine):
    module = linear()
    engine.register_parametrization(module, "weight", Raises(forward=AttributeError()), unsafe=True)
    return [
        attempt(lambda: module.weight),
        hasattr(module, "weight"),
        attempt(lambda: module.other),
    ]


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


@scene
def transfer_to_a_plain_module(engine):
    source, target = parametrized(engine, [Symmetric, Double]), nn.Linear(3, 3)
    engine.register_parametrization(source, "bias", Double())
    result = engine.transfer_parametrizations_and_params(source, target)
    held = source.parametrizations.weight, target.parametrizations.weight
    shared = [held[0].original is held[1].original, held[0][0] is held[1][0]]
    return [target, result is target, shared, target.weight, target.bias]


@scene
def transfer_one_tensor_of_several_originals(engine):
    source, target = parametrized(engine, [Halves]), nn.Linear(3, 3)
    engine.transfer_parametrizations_and_params(source, target, "weight")
    return [target.weight, target.parametrizations.weight.original1, list(target.state_dict())]


@scene
def transfer_to_a_module_without_that_tensor(engine):
    target = nn.Module()
    engine.transfer_parametrizations_and_params(parametrized(engine, [Double]), target)
    return [target, target.weight]


@scene
def transfer_from_a_plain_module_does_nothing(engine):
    target = linear()
    return engine.transfer_parametrizations_and_params(linear(), target) is target


@scene
def transfer_of_an_unknown_name_is_refused(engine):
    source = parametrized(engine, [Double])
    return attempt(lambda: engine.transfer_parametrizations_and_params(source, linear(), "no"))


@scene
def a_base_point_survives_deepcopy_and_state_dict(engine):
    module = parametrized(engine, [Based])
    module.weight = symmetric()
    copied = copy.deepcopy(module)
    fresh = parametrized(engine, [Based])
    fresh.load_state_dict(module.state_dict())
    return [copied, fresh, copied.weight, fresh.weight]


@scene
def functional_call_on_the_original(engine):
    module = parametrized(engine, [Symmetric, NoInverse])
    replaced = {"parametrizations.weight.original": torch.ones(3, 3)}
    out = torch.func.functional_call(module, replaced, torch.ones(1, 3))
    return [out, module, module.weight]


@scene
def a_holder_of_many_kinds(engine):
    module = Holder(w=nn.Parameter(torch.ones(2)), b=torch.ones(2), c=torch.ones(2))
    parametrized(engine, [Double], module, "w")
    parametrized(engine, [Double], module, "c")
    return [module, engine.remove_parametrizations(module, "w")]
