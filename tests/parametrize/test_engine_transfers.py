"""A transfer that fails leaves both modules as they were."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import pytest
import torch
from engine_zoo import Double
from torch import nn

from parametrize import (
    register_parametrization,
    transfer_parametrizations_and_params,
)


class Cast(nn.Module):
    def forward(self, x):
        return x.double()

    def right_inverse(self, x):
        return x.float()


def test_a_transfer_that_fails_leaves_both_modules_as_they_were():
    source, target = nn.Linear(3, 3), nn.Linear(3, 3).eval()
    register_parametrization(source, "weight", Double())
    register_parametrization(source, "bias", Cast(), unsafe=True)
    before = target.state_dict()
    with pytest.raises(ValueError, match="dtype"):
        transfer_parametrizations_and_params(source, target)
    assert type(target) is nn.Linear
    torch.testing.assert_close(target.state_dict(), before)
    assert source.parametrizations.weight[0].training


def test_a_transfer_that_fails_takes_back_the_properties_of_a_parametrized_module():
    source, target = nn.Linear(3, 3), nn.Linear(3, 3)
    register_parametrization(source, "weight", Double())
    register_parametrization(source, "bias", Cast(), unsafe=True)
    register_parametrization(target, "bias", Double())
    with pytest.raises(ValueError, match="dtype"):
        transfer_parametrizations_and_params(source, target)
    assert isinstance(target.weight, nn.Parameter)
    assert len(target.parametrizations.bias) == 1
