"""Module classes with ways of their own, which a parametrization must leave as they are."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import copy

from engine_layers import linear
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


def namesake_class():
    """Return a new class, since torch's engine changes it for all its instances."""

    class Namesake(nn.Linear):
        def __init__(self):
            super().__init__(3, 3)
            self.parametrizations = nn.ModuleDict({"other": nn.Identity()})

    return Namesake


class Reluctant(nn.Linear):
    def __setattr__(self, name, value):
        if name == "parametrizations":
            raise PermissionError(name)
        super().__setattr__(name, value)
