"""Every scenario has the same outcome on torch's engine and on ours."""

import engine_scenes_assign  # noqa: F401 -- adds its scenarios
import engine_scenes_classes  # noqa: F401 -- adds its scenarios
import engine_scenes_ecosystem  # noqa: F401 -- adds its scenarios
import engine_scenes_graphs  # noqa: F401 -- adds its scenarios
import engine_scenes_register  # noqa: F401 -- adds its scenarios
import engine_scenes_remove  # noqa: F401 -- adds its scenarios
import engine_scenes_transfer  # noqa: F401 -- adds its scenarios
import engine_scenes_use  # noqa: F401 -- adds its scenarios
import pytest
import torch
import torch.nn.utils.parametrize as reference
from engine_outcome import SCENES, plain

import parametrize


@pytest.mark.parametrize("scenario", SCENES, ids=lambda s: s.__name__)
def test_both_engines_agree_on(scenario):
    torch.manual_seed(0)
    expected = plain(scenario(reference))
    torch.manual_seed(0)
    assert plain(scenario(parametrize)) == expected


def test_there_are_scenarios_enough_to_trust_the_agreement():
    assert len(SCENES) >= 120


def test_scenario_names_are_distinct():
    names = [s.__name__ for s in SCENES]
    assert len(set(names)) == len(names)
