"""What a scenario did, as plain data in which two engines can be compared."""

import torch
from torch import nn

SCENES = []


def scene(function):
    """Add a scenario: a function of the engine that returns what it observed."""
    SCENES.append(function)
    return function


def attempt(action):
    """Return what `action` returns, or the type of the exception it raises."""
    try:
        return plain(action())
    except Exception as error:
        return f"raised {type(error).__name__}"


def plain(thing):
    """Replace tensors, modules and types by plain data; only what both engines share is left."""
    if isinstance(thing, nn.Module):
        return describe(thing)
    if isinstance(thing, torch.Tensor):
        values = None if thing.is_meta else thing.detach().clone().tolist()
        kind = "Parameter" if isinstance(thing, nn.Parameter) else "Tensor"
        flags = (str(thing.dtype), tuple(thing.shape), thing.device.type, thing.requires_grad)
        return kind, *flags, values
    if isinstance(thing, type):
        return thing.__name__
    if isinstance(thing, dict):
        return {str(k): plain(v) for k, v in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(x) for x in thing]
    return thing


def describe(module):
    """Return all that a state_dict, an optimizer or a print of the module would show."""
    return {
        "type": type(module).__name__,
        "bases": [b.__name__ for b in type(module).__bases__],
        "parameters": [[n, plain(p)] for n, p in module.named_parameters()],
        "buffers": [[n, plain(b)] for n, b in module.named_buffers()],
        "state": list(module.state_dict()),
        "modules": [[n, type(m).__name__] for n, m in module.named_modules()],
        "training": [m.training for m in module.modules()],
        "repr": repr(module),
        "attributes": sorted(name for name in vars(module) if not name.startswith("_")),
    }


DEFECTS = []


def defect(function):
    """Add a scenario that returns whether the engine is right; torch's is known not to be."""
    DEFECTS.append(function)
    return function


def is_right(scenario, engine):
    """Whether the scenario comes out right; an exception is not right either."""
    try:
        return bool(scenario(engine))
    except Exception:
        return False
