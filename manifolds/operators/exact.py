"""Arithmetic in the full precision of the dtype, whatever the process allows its products.

Note [Reduced products]
After torch.set_float32_matmul_precision("high"), a GPU rounds the factors of a float32 product to
the 11 bits of TF32 (a CPU with such units, after "medium", to bfloat16): B · I is then B to 5e-4,
and a Newton-Schulz step, being products, cannot repair it. Triangular solves and LU of cuBLAS obey
the same setting. Training wants it for its layers; a map onto a manifold must not have it.

The setting belongs to the process and a backend, not to a thread. So while at least one thread is
in `exact_arithmetic` of a backend the setting is "ieee", and when the last one leaves it is what it
was. Products of other threads are exact in the meantime: slower, never wrong. A setting that
another thread changes meanwhile is lost.

torch.compile runs Python once and its products later, where this would have no effect. While it
traces, products become calls of an operator that holds the setting as long as it runs. It guards
`allow_tf32` and traces anew when that changes, so that nothing is paid where all is exact.
The operators of `opaque.py` hold it too. Only cuBLAS's triangular solves in a compiled map keep
the setting of the process.

Derivatives in reverse mode run when the caller asks for them, with the caller's setting.
"""

import operator
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from manifolds.operators.autocast import NOTHING
from manifolds.operators.differentiable import differentiable
from manifolds.operators.registry import register

EXACT = frozenset({"none", "ieee"})
"""Settings under which a float32 product is one; "none" is the default of torch."""
REDUCIBLE = frozenset({torch.float32, torch.complex64})
PRODUCTS = frozenset(
    {operator.matmul, torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, torch.mm}
)


class Setting:
    """The precision of float32 products on one backend, and how many want it exact."""

    def __init__(self, products: Any) -> None:
        self.products, self.lock, self.users, self.before = products, threading.Lock(), 0, "none"

    def read(self) -> str:
        """One of "none", "ieee", "tf32", "bf16"."""
        return self.products.fp32_precision

    def write(self, value: str) -> None:
        """One of the same."""
        self.products.fp32_precision = value

    def is_exact(self) -> bool:
        """Whether it is so by nobody's doing, and need not be held."""
        with self.lock:
            return not self.users and self.read() in EXACT

    def enter(self) -> bool:
        """Make it exact; False where it is, by nobody's doing."""
        with self.lock:
            if not self.users:
                self.before = self.read()
                if self.before in EXACT:
                    return False
                self.write("ieee")
            self.users += 1
            return True

    def leave(self) -> None:
        """The last one gives it back: inherited from torch.backends where that says the same."""
        with self.lock:
            self.users -= 1
            if not self.users:
                self.write("none")
                if self.read() != self.before:
                    self.write(self.before)


class OfTheProcess:
    """The same property before torch 2.9, which had one setting for all backends."""

    NAMES = MappingProxyType({"highest": "ieee", "high": "tf32", "medium": "bf16"})

    @property
    def fp32_precision(self) -> str:
        """One of "ieee", "tf32" and "bf16"."""
        return self.NAMES[torch.get_float32_matmul_precision()]

    @fp32_precision.setter
    def fp32_precision(self, value: str) -> None:
        names = {ours: torchs for torchs, ours in self.NAMES.items()}
        torch.set_float32_matmul_precision(names.get(value, "highest"))


def settings() -> dict[str, Setting]:
    """The setting of each backend that has one."""
    if hasattr(torch.backends.cuda.matmul, "fp32_precision"):
        backends = {"cuda": torch.backends.cuda.matmul, "cpu": torch.backends.mkldnn.matmul}  # type: ignore[attr-defined]
        return {name: Setting(products) for name, products in backends.items()}
    return dict.fromkeys(("cuda", "cpu"), Setting(OfTheProcess()))


SETTINGS = settings()


class Held:
    """Exact within."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def __enter__(self) -> None:
        self.entered = self.setting.enter()

    def __exit__(self, *error: object) -> None:
        if self.entered:
            self.setting.leave()


@torch.compiler.assume_constant_result
def reduced(device_type: str) -> bool:
    """Whether float32 products are allowed to be less than that."""
    return device_type in SETTINGS and SETTINGS[device_type].read() not in EXACT


def exact_arithmetic(device: torch.device) -> AbstractContextManager[object]:
    """Within, products on the device are in full precision; Note [Reduced products]."""
    if torch.compiler.is_compiling():
        return ExactProducts() if reduced(device.type) else NOTHING
    setting = SETTINGS.get(device.type)
    return NOTHING if setting is None or setting.is_exact() else Held(setting)


def exact_product(x: Tensor, y: Tensor) -> Tensor:
    """XY in full precision when it runs."""
    with exact_arithmetic(x.device):
        return (x @ y).contiguous()


product_operator = register("product", exact_product, lambda x, y: (x @ y).contiguous())


class Product(Function):
    """XY; (*batch, n, m), (*batch, m, k) -> (*batch, n, k)."""

    @staticmethod
    def forward(x: Tensor, y: Tensor) -> Tensor:
        """XY."""
        return product_operator(x, y)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: the factors."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        """G Yᴴ and Xᴴ G."""
        x, y = ctx.saved_tensors
        return product(g, y.mH), product(x.mH, g)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor, dy: Tensor) -> Tensor:
        """dX Y + X dY."""
        x, y = ctx.saved_tensors
        return product(dx, y) + product(x, dy)


_product = differentiable(Product)


def product(x: Tensor, y: Tensor) -> Tensor:
    """XY as torch.matmul broadcasts it, in full precision also where a compiler runs it later."""
    if y.ndim == 1:
        return product(x, y.unsqueeze(-1)).squeeze(-1)
    if x.ndim == 1:
        return product(x.unsqueeze(-2), y).squeeze(-2)
    batch = torch.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return _product(x.expand(*batch, *x.shape[-2:]), y.expand(*batch, *y.shape[-2:]))


class ExactProducts(TorchFunctionMode):
    """Within, every product that could be reduced is `product`."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> Any:
        """A product, or whatever else was called."""
        if function in PRODUCTS and args[0].dtype in REDUCIBLE:
            return product(*args)
        return function(*args, **(kwargs or {}))
