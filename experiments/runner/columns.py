"""The columns that the tables of many experiments share."""

from __future__ import annotations

from experiments.runner.experiment import Column, largest, last, middle, worst

VIOLATION = Column("violation", worst("violation"), meaning="the worst over a run's steps")
ROUND_TRIP = Column(
    "round trip",
    largest("roundtrip"),
    meaning="how much an iterate that is assigned and read back has changed at most",
)
SECONDS = Column("s", last("wall_s"), "{:.2g}", meaning="seconds that a run's steps took")
STEP_MS = Column(
    "ms per step", last("step_ms"), "{:.1f}", meaning="milliseconds, the mean over a run"
)
MIDDLE_MS = Column(
    "ms per step", middle("step_ms"), "{:.1f}", meaning="milliseconds, the median over a run"
)
GAP = Column("gap", last("gap"), spread=True, meaning="(f - f*) / |f*| at the end")
OF_OPTIMUM = (GAP, VIOLATION, ROUND_TRIP, SECONDS)


def accuracy(title: str) -> Column:
    """Return the column of that name: the share of test images or signals classified right."""
    return Column(title, last(title), "{:.2f}", spread=True, meaning="share of the test set")
