"""A compiled backward pass computes no more than is used."""

import pytest
import torch
from functorch.compile import make_boxed_func
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd

from manifolds.frames.polar_rotation import polar_rotated
from manifolds.frames.turned import turned

PRODUCTS = {
    torch.ops.aten.mm.default,
    torch.ops.aten.bmm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.baddbmm.default,
    torch.ops.manifolds.times_near_identity.default,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the compiler, about itself
@pytest.mark.parametrize(("map_", "products"), [(turned, 0), (polar_rotated, 3)])
def test_outputs_that_nobody_has_cost_no_products(map_, products):
    graphs = []

    def backward(graph, _):
        graphs.append(graph)
        return make_boxed_func(graph.forward)

    def forward(graph, _):
        return make_boxed_func(graph.forward)

    def loss(b: Tensor, p: Tensor) -> Tensor:
        return (map_(b, p) * g).sum()

    torch.compiler.reset()
    generator = torch.Generator().manual_seed(0)
    b, p, g = torch.eye(20), *torch.randn(2, 20, 20, generator=generator)
    p = (p - p.mT).requires_grad_()
    engine = aot_autograd(fw_compiler=forward, bw_compiler=backward)
    compiled = torch.compile(loss, fullgraph=True, backend=engine)
    compiled(b, p).backward()
    found, p.grad = p.grad, None
    loss(b, p).backward()
    torch.testing.assert_close(found, p.grad)
    (graph,) = graphs
    assert sum(node.target in PRODUCTS for node in graph.graph.nodes) == products
