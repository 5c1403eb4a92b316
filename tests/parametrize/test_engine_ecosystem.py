"""Our engine under torch.compile and torch.export, and what it says when it warns or refuses."""

import copy
import inspect
import pickle

import pytest
import torch
import torch.nn.utils.parametrize as reference
from engine_layers import layer, linear, parametrized
from engine_zoo import Based, Counting, Double, Halves, Shift, Symmetric
from torch import nn

import parametrize

X = torch.linspace(-1, 1, 6).reshape(2, 3)


class Transpose(nn.Module):
    """A view of its original."""

    def forward(self, x):  # noqa: D102 -- the class says it
        return x.mT


class Recurrent(nn.Module):
    """Reads the same weight three times, with the cache or without it."""

    def __init__(self, *functions, cache):
        super().__init__()
        self.layer, self.cache = parametrized(parametrize, functions), cache

    def forward(self, x):  # noqa: D102 -- the class says it
        if not self.cache:
            return self._steps(x)
        with parametrize.cached():
            return self._steps(x)

    def _steps(self, x):
        return self.layer(self.layer(self.layer(x).tanh()).tanh())


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
@pytest.mark.parametrize("functions", [(Symmetric,), (Halves, Double), (Symmetric, Shift)])
def test_a_compiled_forward_and_backward_are_those_of_eager_mode(backend, cache, functions):
    module = Recurrent(*functions, cache=cache)
    compiled = torch.compile(module, fullgraph=True, backend=backend)
    expected, found = module(X), compiled(X)
    torch.testing.assert_close(found, expected)
    parameters = list(module.parameters())
    torch.testing.assert_close(
        torch.autograd.grad(found.sum(), parameters),
        torch.autograd.grad(expected.sum(), parameters),
    )


@pytest.mark.parametrize(("cache", "evaluations"), [(False, 3), (True, 1)])
def test_a_compiled_graph_computes_a_cached_weight_once(cache, evaluations):
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    torch.compile(Recurrent(Symmetric, cache=cache), fullgraph=True, backend=backend)(X)
    products = [n for n in graphs[0].graph.nodes if "triu" in n.name]
    assert len(products) == 2 * evaluations


def test_a_compiled_layer_inside_an_eager_cache_sees_each_step():
    module = layer(parametrize)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    with parametrize.cached():
        before = compiled(X)
        with torch.no_grad():
            module.parametrizations.weight.original.add_(1)
        torch.testing.assert_close(compiled(X), module(X))
        assert not torch.equal(compiled(X), before)


def test_one_cache_entered_again_inside_itself_ends_with_the_outer_one():
    module, context = layer(parametrize), parametrize.cached()
    with context:
        first = module.weight
        with context:
            assert module.weight is first
        assert module.weight is first
    assert module.weight is not module.weight


@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
def test_an_exported_module_computes_the_same(cache):
    module = Recurrent(Symmetric, cache=cache)
    torch.testing.assert_close(torch.export.export(module, (X,)).module()(X), module(X))


@pytest.mark.parametrize("name", reference.__all__)
def test_signatures_are_those_of_torch(name):
    def parameters(function):
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in found]

    assert parameters(getattr(parametrize, name)) == parameters(getattr(reference, name))


def test_every_public_name_of_torch_is_one_here():
    assert set(reference.__all__) <= set(parametrize.__all__)


@pytest.mark.parametrize("name", parametrize.__all__)
def test_every_public_name_is_documented(name):
    assert getattr(parametrize, name).__doc__


@pytest.mark.parametrize("save", [pickle.dumps, lambda m: pickle.dumps([m]), copy.copy])
def test_saving_a_whole_module_points_to_state_dict(save):
    with pytest.raises(RuntimeError, match="state_dict"):
        save(layer(parametrize))


def test_scripting_is_refused_at_once():
    with pytest.raises(RuntimeError, match=r"torch\.compile"):
        layer(parametrize).__prepare_scriptable__()


@pytest.mark.parametrize("grad", [False, True])
def test_writing_into_the_value_warns_at_the_next_read(grad):
    module = layer(parametrize)
    with torch.set_grad_enabled(grad):
        nn.init.zeros_(module.weight)
        with pytest.warns(UserWarning, match="lost"):
            _ = module.weight


def test_initializing_a_cached_value_warns_at_the_next_read():
    module = layer(parametrize)
    with parametrize.cached():
        nn.init.zeros_(module.weight)
        with pytest.warns(UserWarning, match="lost"):
            assert module.weight.ne(0).all()


def test_a_copy_does_not_warn_of_a_write_into_the_first_one_s_value():
    module = layer(parametrize)
    nn.init.zeros_(module.weight)
    assert copy.deepcopy(module).weight.ne(0).all()


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("function", [nn.Identity(), Transpose(), Based()])
def test_an_optimizer_s_write_into_a_source_does_not_warn(function, grad):
    module = layer(parametrize, function)
    with torch.set_grad_enabled(grad):
        _ = module.weight
        with torch.no_grad():
            for tensor in module.parametrizations.parameters():
                tensor.add_(1)
            for tensor in module.parametrizations.buffers():
                tensor.add_(1)
        assert torch.equal(module.weight, module.parametrizations.weight())


def test_the_cache_keeps_no_module_alive():
    module = layer(parametrize)
    with parametrize.cached():
        _ = module.weight
        scope = parametrize._cache._scope.get()
        assert len(scope.entries) == 1
        del module
        assert len(scope.entries) == 0


def test_a_cached_weight_is_computed_once_per_mode_and_not_at_every_change_of_mode():
    module = layer(parametrize, Counting())
    calls = module.parametrizations.weight[0].calls
    calls.clear()
    with parametrize.cached():
        for _ in range(3):
            _ = module.weight
            with torch.no_grad():
                _ = module.weight
    assert calls == ["forward", "forward"]


def test_an_error_names_the_tensors_that_there_are():
    with pytest.raises(ValueError, match=r"'wieght'.*'bias', 'weight'"):
        parametrize.register_parametrization(linear(), "wieght", Double())


def test_functional_call_swaps_values_within_values_and_restores_them():
    module, outer, inner = layer(parametrize), torch.ones(3, 3), torch.zeros(3, 3)
    value = module.weight

    class Nested(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside = module

        def forward(self, x):
            within = torch.func.functional_call(self.inside, {"weight": inner}, x)
            return within, self.inside(x)

    found = torch.func.functional_call(Nested(), {"inside.weight": outer}, X)
    expected = [nn.functional.linear(X, w, module.bias) for w in (inner, outer)]
    torch.testing.assert_close(list(found), expected)
    assert torch.equal(module.weight, value)


def test_functional_call_restores_the_value_after_an_error():
    module = layer(parametrize)
    value = module.weight
    with pytest.raises(RuntimeError):
        torch.func.functional_call(module, {"weight": torch.ones(3, 3)}, torch.ones(2, 7))
    assert torch.equal(module.weight, value)
