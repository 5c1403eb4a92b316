"""All experiments together: what each concludes, and in which order their runs finish soonest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.runner.claims import ends_unclaimed
from experiments.runner.errors import LogError, MissingDataError
from experiments.runner.experiment import Claim, Experiment
from experiments.runner.logs import RunLog, frame, read_run
from experiments.runner.plan import Request, Run, plan

ARCHIVE = Path(__file__).parent.parent / "results" / "logs"


@dataclass(frozen=True)
class Conclusion:
    """What the logs of one experiment say: its claims, and why there may be none."""

    experiment: str
    claims: Sequence[Claim]
    failed: int = 0  # runs that ended with an error
    missing: str = ""  # why no run was made
    presets: Sequence[str] = ()  # of the logs
    unclaimed: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The gaps, least and largest, at which those of our methods end that claim no optimum."""

    @property
    def reproduced(self) -> bool:
        """Whether everything ran and every claim holds."""
        return not (self.failed or self.missing) and all(c.reproduced for c in self.claims)


def conclude(
    experiment: Experiment, settings: Any, logs: list[RunLog], failed: int = 0
) -> Conclusion:
    """Check the experiment's claims on its logs."""
    if not logs:
        return Conclusion(experiment.name, [], failed)
    rows, presets = frame(logs), sorted({log.header["preset"] for log in logs})
    ends = ends_unclaimed(rows, experiment.methods)
    claims = experiment.claims(settings, rows)
    return Conclusion(experiment.name, claims, failed, presets=presets, unclaimed=ends)


def plan_what_is_here(
    experiments: Iterable[Experiment], request: Request
) -> tuple[list[tuple[Experiment, list[Run]]], list[Conclusion]]:
    """Return the runs of every experiment, and conclusions of those whose data is not here."""
    planned, missing = [], []
    for experiment in experiments:
        try:
            planned.append((experiment, plan(experiment, request)))
        except MissingDataError as error:
            missing.append(Conclusion(experiment.name, [], missing=str(error)))
    return planned, missing


def summary(conclusions: Iterable[Conclusion]) -> str:
    """Return the last line: how many claims of how many experiments hold, at which presets."""
    every = list(conclusions)
    claims = [claim.reproduced for each in every for claim in each.claims]
    text = f"{sum(claims)} of {len(claims)} claims of {len(every)} experiments are reproduced"
    presets = sorted({preset for each in every for preset in each.presets})
    text += f" at preset {', '.join(presets)}" * bool(presets)
    failed, missing = sum(each.failed for each in every), sum(bool(e.missing) for e in every)
    more = [f"{failed} runs failed"] * bool(failed) + [f"{missing} not run"] * bool(missing)
    return "; ".join([text, *more])


def longest_first(runs: list[Run]) -> list[Run]:
    """Sort by the seconds of an earlier run, unknown ones first: no long run begins last."""
    return sorted(runs, key=seconds, reverse=True)


def seconds(run: Run) -> float:
    """Return what the same method and seed took before, by any code, here or in the archive."""
    archived = ARCHIVE / run.path.relative_to(run.path.parents[2])
    for path in (run.path, archived):
        try:
            return float(read_run(path).rows[-1]["wall_s"])
        except (LogError, LookupError):  # not there, damaged or empty: its run tells
            continue
    return float("inf")
