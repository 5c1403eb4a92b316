"""Where several engines, classes or kinds of memory meet in one parametrized module."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import copy

import pytest
import torch
import torch.nn.utils.parametrize as reference
from engine_zoo import Double, Halves
from torch import nn
from torch.func import functional_call

from parametrize import (
    cached,
    load_module,
    register_parametrization,
    remove_parametrizations,
    save_module,
    transfer_parametrizations_and_params,
)


class Linear(nn.Linear):
    pass


class ParametrizedLinear(Linear):
    """A user's class that is called like a derived one."""


def test_a_user_s_class_of_a_derived_name_gets_no_properties():
    module, other = ParametrizedLinear(2, 2), ParametrizedLinear(2, 2)
    register_parametrization(module, "weight", Double())
    assert type(module).__bases__ == (ParametrizedLinear,)
    assert isinstance(other.weight, nn.Parameter)
    remove_parametrizations(module, "weight")
    assert type(module) is ParametrizedLinear


@pytest.fixture
def swapping():
    torch.__future__.set_swap_module_params_on_conversion(True)
    yield
    torch.__future__.set_swap_module_params_on_conversion(False)


@pytest.mark.usefixtures("swapping")
def test_several_originals_can_be_swapped():
    module = nn.Linear(2, 2)
    register_parametrization(module, "weight", Halves())
    module.double()
    module.load_state_dict(module.state_dict())
    module.weight = torch.eye(2, dtype=torch.float64)
    assert torch.equal(module.weight, torch.eye(2, dtype=torch.float64))
    remove_parametrizations(module, "weight")
    module.float()
    assert torch.equal(module.weight, torch.eye(2))


def test_a_recurrent_module_of_a_class_derived_further_is_converted():
    module = nn.LSTM(2, 2)
    register_parametrization(module, "weight_hh_l0", Double())
    module.__class__ = type("Wrapped", (type(module),), {})
    assert module.double().weight_hh_l0.dtype == torch.float64


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return x


def test_copying_and_saving_a_recurrent_module_computes_nothing(tmp_path):
    module, x = nn.LSTM(2, 2), torch.ones(3, 2)
    register_parametrization(module, "weight_hh_l0", Counting())
    expected, _ = module(x)
    before = copy.deepcopy(module.state_dict())
    save_module(module, tmp_path / "lstm.pt")
    for other in (copy.deepcopy(module), load_module(tmp_path / "lstm.pt", trusted=[Counting])):
        torch.testing.assert_close(other.state_dict(), before, rtol=0, atol=0)
        other.bias_ih_l0 = nn.Parameter(other.bias_ih_l0.detach().clone())
        assert torch.equal(other(x)[0], expected)
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)


class Sparse(nn.Module):
    def __init__(self, layout):
        super().__init__()
        self.layout = layout

    def forward(self, x):
        return x.to_sparse(layout=self.layout)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
def test_a_value_without_strides_is_read(layout):
    module = nn.Linear(2, 2)
    register_parametrization(module, "weight", Sparse(layout))
    for _ in range(2):
        assert torch.equal(module.weight.to_dense(), module.parametrizations.weight.original)


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mixing", torch.eye(2).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.mixing, x)


def test_a_lost_write_warns_next_to_a_sparse_buffer():
    module = nn.Linear(2, 2)
    register_parametrization(module, "weight", Mixed())
    nn.init.zeros_(module.weight.detach())
    with pytest.warns(UserWarning, match="lost"):
        assert module.weight.any()


def test_the_two_engines_work_side_by_side_in_a_module_and_its_copies():
    module, x = nn.Linear(2, 2), torch.eye(2)
    register_parametrization(module, "weight", Double())
    reference.register_parametrization(module, "bias", Double())
    for each in (module, copy.deepcopy(module)):
        expected = each.weight.T.clone()
        called = functional_call(each, {"bias": torch.zeros(2)}, x)
        torch.testing.assert_close(called, expected)
        with reference.cached():
            assert each.bias is each.bias
        with cached():
            assert each.weight is each.weight


def test_modules_of_the_user_s_stay_what_they_are_next_to_parametrized_tensors():
    module = nn.Linear(3, 3)
    module.parametrizations = nn.ModuleDict({"x": nn.Linear(1, 1), "weight": nn.Linear(1, 1)})
    register_parametrization(module, "bias", Double())
    module.weight = nn.Parameter(torch.eye(3))
    replica = copy.deepcopy(module)
    assert not isinstance(getattr(type(replica), "x", None), property)
    transfer_parametrizations_and_params(module, nn.Linear(3, 3))
    remove_parametrizations(module, "bias")
    assert type(module) is nn.Linear
    assert set(module.parametrizations) == {"x", "weight"}


class Part(nn.Module):
    def forward(self, x):
        return x[1:].detach()


@pytest.mark.filterwarnings("error")
def test_a_step_and_a_transfer_are_no_lost_writes():
    module = nn.Linear(2, 2)
    register_parametrization(module, "weight", Part(), unsafe=True)
    assert module.weight.shape == (1, 2)
    with torch.no_grad():
        module.parametrizations.weight.original.add_(1)
    assert module.weight.shape == (1, 2)
    module, value = nn.Linear(2, 2), torch.ones(2, 2)
    register_parametrization(module, "weight", nn.Identity())
    functional_call(module, {"parametrizations.weight.original": value}, torch.eye(2))
    value.add_(1)
    transfer_parametrizations_and_params(module, nn.Module())
    assert module.weight.shape == (2, 2)


def test_an_assigned_shape_is_compared_with_that_of_the_present_originals():
    module = nn.Linear(3, 3)
    register_parametrization(module, "weight", Double())
    module.parametrizations.weight.original = nn.Parameter(torch.ones(2, 3))
    with pytest.raises(ValueError, match="shape"):
        module.weight = torch.ones(3, 3)


class Raising(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        value = function(*args, **(kwargs or {}))
        return value.add(1) if function.__name__ in {"mul", "__rmul__"} else value


def test_a_hook_and_a_function_mode_are_seen_within_cached():
    module = nn.Linear(2, 2)
    register_parametrization(module, "weight", Double())
    with cached():
        before = module.weight.clone()
        handle = module.parametrizations.weight[0].register_forward_hook(lambda *a: a[-1] + 1)
        assert torch.equal(module.weight, before + 1)
        handle.remove()
        assert torch.equal(module.weight, before)
        with Raising():
            assert torch.equal(module.weight, before + 1)
