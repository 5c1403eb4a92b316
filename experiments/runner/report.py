"""One Markdown page from the logs: every table, every verdict, links to the figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from experiments.runner import tables
from experiments.runner.experiment import Claim, Experiment, settings_of
from experiments.runner.logs import RunLog, frame, read_variant, thin, variants, write_run
from experiments.runner.overall import Conclusion, conclude, summary

FIGURES = Path("paper_figures/output")
RESULTS = Path(__file__).parent.parent / "results"
ARCHIVED_ROWS = 40  # per run: enough for a curve at column width, small enough to commit


def page(
    experiments: list[Experiment],
    logs: Path,
    figures: Path,
    output: Path,
    further: Sequence[Path] = (),
) -> str:
    """Return the page: one table of everything, what is not reproduced, then each experiment.

    Logs of `further` folders have tables of their own, and no part in the conclusions.
    """
    conclusions = [_concluded(experiment, logs) for experiment in experiments]
    sections = [_section(experiment, [logs, *further]) for experiment in experiments]
    parts = ["# Experiments", f"{summary(conclusions)}. Latest logs of each."]
    parts += [tables.overall(conclusions).markdown()]
    parts += [*_not_reproduced(conclusions), *_unclaimed(conclusions), *sections]
    return "\n\n".join([*parts, *_figures(figures, output)]) + "\n"


def _concluded(experiment: Experiment, directory: Path) -> Conclusion:
    if not variants(directory, experiment.name):
        return Conclusion(experiment.name, [], missing="its logs are not here")
    logs = read_variant(directory, experiment.name)
    return conclude(experiment, settings_of(experiment, logs[0]), logs)


def _not_reproduced(conclusions: list[Conclusion]) -> list[str]:
    lines = [
        f"- {each.experiment}, {claim.text}: {_in_a_line(claim)}"
        for each in conclusions
        for claim in each.claims
        if not claim.reproduced
    ]
    lines += [f"- {each.experiment}: {each.missing}" for each in conclusions if each.missing]
    return ["## Not reproduced as such", "\n".join(lines) or "Every claim holds."]


def _unclaimed(conclusions: list[Conclusion]) -> list[str]:
    lines = [
        f"- {each.experiment}, {method}: gap {tables.span('{:.1e}', least, largest)}"
        for each in conclusions
        for method, (least, largest) in each.unclaimed.items()
    ]
    title = "Of these methods no optimum is claimed; they end, over the seeds, at:"
    return [title, "\n".join(lines)] if lines else []


def _in_a_line(claim: Claim) -> str:
    expected, measured = claim.required.splitlines(), claim.measured.splitlines()
    return "; ".join(f"{e} (ours {m})" for e, m in zip_longest(expected, measured, fillvalue="-"))


def _section(experiment: Experiment, folders: Sequence[Path]) -> str:
    parts = [f"## {experiment.name}", f"{experiment.summary}. Source: {experiment.source}."]
    known = [(each, name) for each in folders for name in variants(each, experiment.name)]
    if not known:
        command = f"python -m experiments run {experiment.name} --logs {folders[0]}"
        return "\n\n".join([*parts, f"Not run. Make its logs with `{command}`."])
    for folder, variant in known:
        parts += _variant(experiment, variant, read_variant(folder, experiment.name, variant))
    return "\n\n".join(parts)


def _variant(experiment: Experiment, name: str, logs: list[RunLog]) -> list[str]:
    rows, claims = frame(logs), experiment.claims(settings_of(experiment, logs[0]), frame(logs))
    reproduced = sum(claim.reproduced for claim in claims)
    parts = [f"### {name}", _provenance(logs), tables.results(experiment, rows).markdown()]
    if claims:
        parts += [f"{reproduced} of {len(claims)} claims reproduced:"]
        parts += [tables.verdicts(claims).markdown()]
    return parts


def _provenance(logs: list[RunLog]) -> str:
    header = logs[0].header
    codes = sorted({log.header["code"] for log in logs})
    seeds = sorted({log.header["seed"] for log in logs})
    packages = ", ".join(f"{name} {number}" for name, number in header["versions"].items())
    thinned = " Rows are thinned: the worst violation is over the kept rows." * any(
        "thinned_from" in log.header for log in logs
    )
    return (
        f"Seeds {seeds}; {header['device_name']}, {header['dtype']}; {packages}; "
        f"code {', '.join(codes)}; commit {header['commit']}. Numbers are medians over the seeds; "
        f"one seed's violation is its worst over the steps.{thinned}"
    )


def _figures(figures: Path, output: Path) -> list[str]:
    found = sorted(figures.glob("*.png"))
    links = [f"![{path.stem}]({os.path.relpath(path, output.parent)})" for path in found]
    return ["## Figures", *links] if links else []


def archive(experiment: Experiment, logs: Path, destination: Path) -> list[Path]:
    """Copy the latest variant's logs, thinned, to a folder small enough to commit."""
    runs = read_variant(logs, experiment.name)
    folder = destination / experiment.name / runs[0].path.parent.name
    for run in (_curves_last(thin(run, ARCHIVED_ROWS)) for run in runs):
        header = {name: value for name, value in run.header.items() if name != "kind"}
        rows = [{n: _short(v) for n, v in row.items() if n != "kind"} for row in run.rows]
        write_run(folder / run.path.name, header, rows)
    return [folder / run.path.name for run in runs]


def _curves_last(run: RunLog) -> RunLog:
    """Keep a row's lists, curves of their own, in the last row only: there a figure shows them."""
    *rows, end = run.rows
    slim = [{n: v for n, v in row.items() if not isinstance(v, list)} for row in rows]
    return replace(run, rows=[*slim, end])


def _short(value: Any) -> Any:
    """Nine digits: figures and claims take 1 from a condition number, to eps of float32."""
    return float(f"{value:.9g}") if isinstance(value, float) else value
