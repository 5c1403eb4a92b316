"""Every map about every base that it has."""

import pytest

from manifolds.maps import MAPS

CHARTS = [
    pytest.param(name, base, id=f"{name}-{base}")
    for name, map_ in MAPS.items()
    for base in ("assigned", "fixed")
    if base == "assigned" or map_.fixed
]
