"""Where torch's engine silently gives a wrong result, ours gives the right one."""

import engine_defects_change  # noqa: F401 -- adds its scenarios
import engine_defects_modes  # noqa: F401 -- adds its scenarios
import engine_defects_rollback  # noqa: F401 -- adds its scenarios
import engine_defects_stale  # noqa: F401 -- adds its scenarios
import pytest
import torch
import torch.nn.utils.parametrize as reference
from engine_outcome import DEFECTS, is_right

import parametrize


@pytest.mark.parametrize("scenario", DEFECTS, ids=lambda s: s.__name__)
def test_our_engine_is_right_about(scenario):
    torch.manual_seed(0)
    assert scenario(parametrize)


# A torch release that repairs one of these makes its case here fail: then it is no difference
# any more, and its line in the engine's table goes.
@pytest.mark.parametrize("scenario", DEFECTS, ids=lambda s: s.__name__)
def test_torch_s_engine_is_wrong_about(scenario):
    torch.manual_seed(0)
    assert not is_right(scenario, reference)
