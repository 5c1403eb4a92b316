"""Recurrent, attention and lazy layers compute with the parametrized weight."""

import copy

import pytest
import torch
from engine_layers import parametrized, symmetric
from engine_zoo import Double, Halves, Symmetric
from torch import nn

import parametrize

X = torch.linspace(-1, 1, 24).reshape(2, 4, 3)


class Flattening(nn.GRU):
    """Moves the values it has read to other memory, as cuDNN does on a GPU."""

    def flatten_parameters(self):  # noqa: D102 -- overridden
        with torch.no_grad():
            for weight in self._flat_weights:
                if not weight.is_leaf:
                    weight.set_(weight.clone())


def recurrent(kind, function=Double):
    torch.manual_seed(0)
    module = kind(3, 3, num_layers=2)
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_hh_l1"):
        parametrized(parametrize, [function], module, name)
    return module


def plain_twin(module):
    """Return the module without parametrizations, with the same values."""
    torch.manual_seed(0)
    twin = parametrize.type_before_parametrizations(module)(3, 3, num_layers=2)
    twin.load_state_dict(parametrize.plain_state_dict(module))
    return twin


def steps(module, optimizer, cache):
    outputs = []
    for _ in range(3):
        optimizer.zero_grad()
        if cache:
            with parametrize.cached():
                outputs.append(module(module(X)[0])[0])
        else:
            outputs.append(module(module(X)[0])[0])
        outputs[-1].square().sum().backward()
        optimizer.step()
    return torch.stack(outputs).detach()


@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU, Flattening])
def test_a_recurrent_module_has_the_value_and_the_gradient_of_its_plain_twin(kind, cache):
    module = recurrent(kind)
    twin = plain_twin(module)
    with parametrize.cached() if cache else torch.enable_grad():
        found = module(module(X)[0])[0]
    expected = twin(twin(X)[0])[0]
    torch.testing.assert_close(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    original = module.parametrizations.weight_hh_l0.original
    torch.testing.assert_close(original.grad, 2 * twin.weight_hh_l0.grad)


@pytest.mark.parametrize("kind", [nn.LSTM, Flattening])
def test_training_a_recurrent_module_is_the_same_cached_and_uncached(kind):
    found = []
    for cache in (False, True):
        module = recurrent(kind, Halves)
        found.append(steps(module, torch.optim.SGD(module.parameters(), 0.1), cache))
    # Cached, the gradients of both calls (two time steps each) are one sum, uncached one for each:
    # 4 roundings of eps/2 of gradients up to 1.5, times the rate 0.1, at two of the steps.
    torch.testing.assert_close(*found, rtol=0, atol=torch.finfo(torch.float32).eps)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU, Flattening])
def test_a_recurrent_module_can_be_copied_after_a_forward(kind):
    module = recurrent(kind)
    expected = module(X)[0]
    copied = copy.deepcopy(module)
    assert torch.equal(copied(X)[0], expected)
    with torch.no_grad():
        copied.parametrizations.weight_hh_l0.original.zero_()
    assert not torch.equal(copied(X)[0], expected)
    assert torch.equal(module(X)[0], expected)


def test_a_recurrent_module_sees_an_assignment_and_a_removal():
    module = recurrent(nn.GRU)
    _ = module(X)
    module.weight_hh_l0 = torch.zeros(9, 3)
    torch.testing.assert_close(module(X)[0], plain_twin(module)(X)[0])
    parametrize.remove_parametrizations(module, "weight_hh_l0")
    torch.testing.assert_close(module(X)[0], plain_twin(module)(X)[0])


def test_a_lost_write_into_a_recurrent_weight_still_warns():
    module = recurrent(nn.GRU)
    nn.init.zeros_(module.weight_hh_l0)
    with pytest.warns(UserWarning, match="lost"):
        module(X)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("cache", [False, True], ids=["uncached", "cached"])
def test_attention_has_the_value_and_the_gradient_of_its_plain_twin(cache, mode):
    torch.manual_seed(0)
    module, twin = (nn.MultiheadAttention(4, 2, batch_first=True) for _ in range(2))
    parametrized(parametrize, [Halves], module, "in_proj_weight")
    parametrized(parametrize, [Symmetric], module.out_proj)
    twin.load_state_dict(parametrize.plain_state_dict(module))
    x = torch.linspace(-1, 1, 24).reshape(2, 3, 4)
    getattr(module, mode)(), getattr(twin, mode)()
    with parametrize.cached() if cache else torch.enable_grad():
        found = module(x, x, x)[0]
    torch.testing.assert_close(found, twin(x, x, x)[0])
    found.square().sum().backward()
    twin(x, x, x)[0].square().sum().backward()
    gradient = module.parametrizations.in_proj_weight.original0.grad
    torch.testing.assert_close(gradient, twin.in_proj_weight.grad)


def test_attention_without_gradient_takes_the_fast_path_to_the_same_value():
    torch.manual_seed(0)
    module = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
    expected = module(symmetric(4).reshape(1, 4, 4))
    parametrized(parametrize, [Halves], module.self_attn, "in_proj_weight")
    parametrized(parametrize, [Halves], module.linear1)
    with torch.no_grad(), parametrize.cached():
        torch.testing.assert_close(module(symmetric(4).reshape(1, 4, 4)), expected)


class LazyScale(nn.LazyLinear):
    """A lazy layer with a parameter whose shape is known."""

    def __init__(self):
        super().__init__(3)
        self.scale = nn.Parameter(torch.ones(3))


@pytest.mark.parametrize("name", ["weight", "bias", "scale"])
def test_a_lazy_layer_says_what_to_do_first(name):
    module = LazyScale()
    with pytest.raises(RuntimeError, match="call it once on an input"):
        parametrize.register_parametrization(module, name, Double())
    assert type(module) is LazyScale


def test_a_lazy_layer_that_has_its_shapes_is_as_any_other():
    module = nn.LazyLinear(3)
    module(X)
    parametrized(parametrize, [Symmetric], module)
    assert isinstance(module, nn.Linear)
    assert torch.equal(module.weight, module.weight.mT)
