"""module.weight = f(original): a tensor of a module as a function of other tensors.

The engine attaches such a function, a *parametrization*, to a parameter or buffer of any
`torch.nn.Module`. Three instances to keep in mind: a symmetric matrix from its upper triangle
(one tensor, linear), a positive scale from its logarithm (one tensor), a matrix of rank one from
two vectors (several tensors, `original0` and `original1`).

    register_parametrization(layer, "weight", Symmetric())   # layer.weight is symmetric
    layer.weight = x                                         # stores Symmetric.right_inverse(x)
    with cached(): ...                                       # each weight is computed once
    remove_parametrizations(layer, "weight")                 # a plain parameter again, same value

The contract is that of `torch.nn.utils.parametrize`: same signatures, order of effects, exception
types, `state_dict` keys, class names and parameter identity. Read `_register.py` first, then
`_list.py` (what is stored), `_module_class.py` (how reading becomes evaluating), `_cache.py`,
`_transaction.py`, `_remove.py`.
"""

from parametrize._cache import cached
from parametrize._list import ParametrizationList
from parametrize._module_class import is_parametrized, type_before_parametrizations
from parametrize._register import register_parametrization
from parametrize._remove import remove_parametrizations, transfer_parametrizations_and_params

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]
