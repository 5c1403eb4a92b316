"""Which operators a function runs on a device whose numbers the host cannot read.

Note [A device without numbers]
On torch's device "meta" a tensor has a shape and a dtype but no data. To our code it is a device
like a GPU, so that the branches taken there are taken, and reading a number raises. What does not
raise is recorded: operators whose implementation for CUDA waits for the device (`WAITING`), and
copies between host and device. Our own operators are opaque to torch; the recorder runs their
bodies, and sees inside.

Note [What waits]
Sources: torch.linalg's documentation ("When inputs are on a CUDA device, this function
synchronizes that device with the CPU": cholesky, eig, eigh, inv, ldl_factor, lu_factor, solve, svd
and what is made of them, not their variants `_ex`), which as operators are `_linalg_check_errors`
or have the check inside; torch.nonzero's ("causes host-device synchronization") and what has a
shape that depends on data; and torch's source, ATen/native/cuda/linalg/BatchLinearAlgebra.cpp:
cholesky_solve and cholesky_inverse of batches keep arrays on the host, matrix_exp and lstsq read
norms and ranks. Not listed: LU, inv_ex and solve_ex wait only for large batches (more than 16
matrices of size above 16, or of size above 128), which torch gives to MAGMA where it has it;
torch.backends.cuda.preferred_linalg_library("cusolver") avoids that.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from manifolds.operators.exact import REDUCIBLE, reduced
from manifolds.operators.registry import BODIES

WAITING = frozenset(
    {
        "_cholesky_solve_helper",
        "_linalg_check_errors",
        "_linalg_eigh",
        "_linalg_eigvals",
        "_linalg_svd",
        "_local_scalar_dense",
        "_unique",
        "_unique2",
        "argwhere",
        "bincount",
        "cholesky",
        "cholesky_inverse",
        "cholesky_solve",
        "equal",
        "is_nonzero",
        "item",
        "linalg_eig",
        "linalg_eigvals",
        "linalg_lstsq",
        "linalg_matrix_exp",
        "masked_select",
        "multinomial",
        "nonzero",
        "repeat_interleave",
        "unique_consecutive",
        "unique_dim",
    }
)
"""Operators of ATen; Note [What waits]."""
MASKS = frozenset({"index", "index_put", "index_put_", "_unsafe_index", "_index_put_impl_"})
"""Indexing, which waits where an index is a mask: how many entries it has must be known."""
COPIES = frozenset({"_to_copy", "copy_", "where"})
"""What copies even a single number to the device; elsewhere it travels with the call."""
PRODUCTS = frozenset({"mm", "bmm", "addmm", "baddbmm", "linalg_solve_triangular"})
"""What cuBLAS computes under the setting for products."""


class Inside(TorchDispatchMode):
    """Every operator passes through `run`, those in the bodies of our own ones too."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Run an operator, one of our own by its body."""
        body = body_of(func)
        if body is None:
            return self.run(func, args, kwargs or {})
        with self:
            return body(*args, **(kwargs or {}))

    def run(self, operator: Any, args: tuple, kwargs: dict) -> Any:
        """What to do with an operator of torch."""
        raise NotImplementedError


class Recorder(Inside):
    """Complains of every operator that would make the host wait for the device."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self.seen: set[str] = set()

    def run(self, operator: Any, args: tuple, kwargs: dict) -> Any:
        """Note the operator, then run it."""
        name = name_of(operator)
        self.seen.add(name)
        complaint = complaint_about(name, args, kwargs)
        if complaint and complaint not in self.complaints:
            self.complaints.append(complaint)
        return operator(*args, **kwargs)


class ReducedUnits(Inside):
    """A CPU as a GPU with tensor cores: products round their factors where the setting allows it.

    To bfloat16, the least that "medium" allows. Triangular solves too, as cuBLAS has them.
    """

    def run(self, operator: Any, args: tuple, kwargs: dict) -> Any:
        """Round the factors of a product, unless products are to be exact."""
        if name_of(operator) in PRODUCTS and reduced("cpu"):
            args = tuple(rounded(a) if isinstance(a, Tensor) else a for a in args)
        return operator(*args, **kwargs)


def rounded(a: Tensor) -> Tensor:
    """A with 8 bits where it has 24."""
    if a.dtype not in REDUCIBLE:
        return a
    parts = torch.view_as_real(a.resolve_conj()) if a.is_complex() else a
    parts = parts.to(torch.bfloat16).to(torch.float32)
    return torch.view_as_complex(parts) if a.is_complex() else parts


def name_of(operator: Any) -> str:
    """Without namespace and overload."""
    return operator.overloadpacket.__name__


def complaint_about(name: str, args: tuple, kwargs: dict) -> str | None:
    """Why a call of an operator waits, or None."""
    tensors = [a for a in tree_leaves((args, kwargs)) if isinstance(a, Tensor)]
    if name in WAITING:
        return f"{name} waits for the device"
    if name in MASKS and any(t.dtype in (torch.bool, torch.uint8) for t in tensors[1:]):
        return f"{name} by a mask waits for the device"
    devices = {t.device.type for t in tensors if t.ndim or name in COPIES}
    if "device" in kwargs and kwargs["device"] is not None:
        devices.add(torch.device(kwargs["device"]).type)
    return f"{name} joins {' and '.join(sorted(devices))}" if len(devices) > 1 else None


def body_of(operator: Any) -> Callable[..., Any] | None:
    """The Python function of an operator of ours."""
    return BODIES.get(operator.name().partition(".")[0])


def complaints_of(function: Callable[..., Any], *arguments: Any) -> list[str]:
    """What function(*arguments) does that makes the host wait; an error it raises is one."""
    with Recorder() as recorder:
        try:
            function(*arguments)
        except (RuntimeError, NotImplementedError) as error:
            recorder.complaints.append(" ".join(str(error).split()))
    return recorder.complaints
