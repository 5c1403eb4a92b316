"""`torch.func.functional_call(module, {"weight": v})` computes with v itself, gradients included.

It swaps v in with a plain attribute assignment and later assigns back what it had read. Taken as
user assignments both would go through the right inverse: v would get no gradient, and the
originals would be replaced twice. So the two are told apart by who assigns.

Names of a tied tensor share what is swapped in for one of them, and each may have its own.
"""

import sys
from typing import Any

from torch import Tensor

Owner = tuple[int, str]
"""The id of a module that is being called, and the name of a tensor in it."""


def is_swapped(held: Any, owner: Owner, value: Tensor) -> bool:
    """Swap `value` in or out if it is functional_call that assigns it, else return False."""
    assigning = sys._getframe(2)
    if assigning.f_globals.get("__name__") != "torch.nn.utils._named_member_accessor":
        return False
    if "orig_tensor" not in assigning.f_locals:
        return False
    swapped: list[tuple[Owner, Tensor, Tensor]] = held._swapped
    mine = [i for i, (whose, _, _) in enumerate(swapped) if whose == owner]
    if mine and value is swapped[mine[-1]][1]:
        del swapped[mine[-1]]
    else:
        swapped.append((owner, assigning.f_locals["orig_tensor"], value))
    return True


def swapped_in(held: Any, owner: Owner) -> Tensor:
    """What was swapped in last, under this name if there is such."""
    mine = [value for whose, _, value in held._swapped if whose == owner]
    return mine[-1] if mine else held._swapped[-1][2]  # type: ignore[no-any-return]
