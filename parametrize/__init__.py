# ruff: noqa: E501 -- one line of the table is one difference
"""module.weight = f(original): a tensor of a module as a function of other tensors.

The engine attaches such a function, a *parametrization*, to a parameter or buffer of any
`torch.nn.Module`. Three instances to keep in mind: a symmetric matrix from its upper triangle
(one tensor, linear), a positive scale from its logarithm (one tensor), a matrix of rank one from
two vectors (several tensors, `original0` and `original1`).

    register_parametrization(layer, "weight", Symmetric())   # layer.weight is symmetric
    layer.weight = x                                         # stores Symmetric.right_inverse(x)
    with cached(): ...                                       # each weight is computed once
    remove_parametrizations(layer, "weight")                 # a plain parameter again, same value

Beyond the contract below: `save_module` and `load_module` for a whole model in a file,
`plain_state_dict` and `load_plain_state_dict` for checkpoints of the model without
parametrizations, `update_optimizer` after a registration, `stack_modules` for `torch.func.vmap`,
`register_tied_parametrization` and `remove_tied_parametrizations` for tied weights.

The contract is that of `torch.nn.utils.parametrize` in torch 2.13: same signatures, order of
effects, exception types, `state_dict` keys, class names and parameter identity. It differs where
torch's engine silently gives another result than was asked for:

| what | here | in torch, and why it differs |
|---|---|---|
| `cached()` | serves what computing again would give, see `_cache.py` | one value per id and name: deep copies share it, it outlives steps, assignments, no_grad, autocast |
| `cached()` in threads, tasks | holds for the one that entered it | one switch for all: leaving it in one empties it for all |
| `cached()` around a checkpoint | the region inside computes its own | the recomputation saves other tensors than the first pass |
| a change that fails | everything is as before | the weight is overwritten, several originals are half written, functions keep new buffers |
| assigning another shape, dtype | ValueError unless `unsafe` | taken, and the layer no longer fits |
| a stored tensor | is a copy | shares memory with what was assigned: later writes and a large storage come along |
| assigning a Parameter, Buffer | assigns its value | KeyError: only other tensors can be assigned |
| removal with several originals | a parameter where there was one | a buffer if frozen or under no_grad: it leaves the optimizer's reach |
| a buffer that is not persistent | stays so | is saved from then on: `state_dict` gets a key |
| an AttributeError while computing | names its cause | "no attribute 'weight'", the cause is lost |
| `functional_call` with the value | computes with it | goes through the right inverse: no gradient, and the originals are replaced |
| writing into the value | warns at the next read | `nn.init.zeros_(layer.weight)` does nothing, silently |
| a deep copy | has a class of its own | shares it: removal from one breaks the other |
| a parametrized `original` | assignment, appending and removal reach it | KeyError; the appended function is ignored; the parameter becomes a buffer |
| modules in a ModuleDict named `parametrizations` | stay the module's own | properties are put on the user's class, for all its instances |
| a lazy module | RuntimeError until it has its shapes | another of its tensors is taken, and lost when the module becomes the class it is to be |
| a deep copy of an LSTM, GRU, RNN | works after a forward | RuntimeError: the values read last are in a list of the module |
| a tied name below the module | warns | computes with the original, silently |
| a transfer | leaves the source's value alone | the target's right inverse rewrites a base point or a tied original that both share |
| `torch.jit.script` | RuntimeError when scripting | RuntimeError when the scripted module runs |
| `ParametrizationList.__module__` | `parametrize._list` | `torch.nn.utils.parametrize`, where pickle would look for it; the classes of parametrized modules say that here too, for torch.fx |
| torch.fx inside `cached()` | records each read | records one call; what is traced has no value to cache |
| opaque objects as originals | ValueError | taken; their type is private to torch |

Read `_register.py` first, then `_list.py` (what is stored), `_module_class.py` (how reading becomes
evaluating), `_cache.py`, `_transaction.py`, `_remove.py`. The tools beyond the contract have a file each.
"""

from parametrize._cache import cached
from parametrize._list import ParametrizationList
from parametrize._module_class import is_parametrized, type_before_parametrizations
from parametrize._optimizer import update_optimizer
from parametrize._plain_checkpoint import load_plain_state_dict, plain_state_dict
from parametrize._register import register_parametrization
from parametrize._remove import remove_parametrizations, transfer_parametrizations_and_params
from parametrize._stack import stack_modules
from parametrize._tied import register_tied_parametrization, remove_tied_parametrizations
from parametrize._whole_module import load_module, save_module, trust

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "load_module",
    "load_plain_state_dict",
    "plain_state_dict",
    "register_parametrization",
    "register_tied_parametrization",
    "remove_parametrizations",
    "remove_tied_parametrizations",
    "save_module",
    "stack_modules",
    "transfer_parametrizations_and_params",
    "trust",
    "type_before_parametrizations",
    "update_optimizer",
]
