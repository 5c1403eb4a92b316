"""The command line: list, run, tune, bench, report, archive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments import problems
from experiments.benchmarks import BENCHMARKS, Setup
from experiments.benchmarks.session import carry_out
from experiments.console import console, run_everything, run_one, with_progress
from experiments.data.folders import use
from experiments.runner import engines, parallel, sweep, tables
from experiments.runner.errors import ExperimentError, require_known
from experiments.runner.experiment import Experiment, parse_device
from experiments.runner.files import write_text
from experiments.runner.learning_rates import save
from experiments.runner.logs import DEFAULT_LOGS
from experiments.runner.overall import ARCHIVE, plan_what_is_here
from experiments.runner.plan import Request, plan
from experiments.runner.report import FIGURES, RESULTS, archive, page
from experiments.runner.timing import one_thread
from experiments.runner.tune import chosen, tuning_runs

app = typer.Typer(help="Published problems under constraints, run and checked.")

BAD_REQUEST = 2

Logs = Annotated[Path, typer.Option(help="Folder of the logs.", envvar="EXPERIMENTS_LOGS")]
Preset = Annotated[bool, typer.Option("--quick/--paper", help="Under a minute, or as published.")]
Methods = Annotated[list[str] | None, typer.Option("--method", help="Only these (repeat).")]
Seeds = Annotated[list[int] | None, typer.Option("--seed", help="Only these (repeat).")]
Names = Annotated[list[str], typer.Argument(help="Experiments; see `list`.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Override a setting: steps=50.")]
Parts = Annotated[
    list[str] | None, typer.Option("--size", "--name", help="512x64 or Sphere; repeat for more.")
]


def _read_from(folder: Path | None) -> Path | None:
    if folder is not None:
        use(folder)
    return folder


Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of your data sets.", callback=_read_from)
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes, one thread each.")]
DType = Annotated[str, typer.Option(help="float64, float32, ...; the experiment's if none.")]
EngineName = Annotated[str, typer.Option("--engine", help="Where runs go: local or submitit.")]
Cluster = Annotated[str, typer.Option(help="Of submitit: slurm, or local to try it here.")]
Submit = Annotated[list[str] | None, typer.Option(help="Of submitit: slurm_partition=gpu.")]
CORES = os.cpu_count() or 1
ALL = "all"
"""Instead of a benchmark's name: each of them."""


def main() -> None:
    """Run the command line; an error of the user is one line and exit status 2."""
    try:
        with parallel.group():
            app()
    except ExperimentError as error:
        errors = Console(stderr=True, quiet=console.quiet)
        errors.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise SystemExit(BAD_REQUEST) from error


@app.command("list")
def list_experiments() -> None:
    """Name the experiments and their methods."""
    for experiment in problems.EXPERIMENTS.values():
        console.print(f"[bold]{experiment.name}[/bold]")
        console.print(tables.described(experiment), "")


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; see `list`.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All experiments at once.")] = False,
    quick: Preset = True,
    method: Methods = None,
    seed: Seeds = None,
    device: str = "cpu",
    dtype: DType = "",
    logs: Logs = DEFAULT_LOGS,
    jobs: Jobs = CORES,
    setting: Overrides = None,
    _data: Data = None,
    engine_name: EngineName = "local",
    cluster: Cluster = "slurm",
    submit: Submit = None,
) -> None:
    """Run experiments, reuse what is there, and state whether the known result was reproduced."""
    chosen_runs = ("quick" if quick else "paper", tuple(method or ()), tuple(seed or ()))
    request = Request(
        *chosen_runs,
        dtype=dtype,
        device=device,
        logs=logs,
        jobs=jobs,
        elsewhere=engine_name != "local" and cluster != "local",
        overrides=_pairs(setting or []),
    )
    engine = _engine(engine_name, jobs, cluster, submit or [])
    raise typer.Exit(_carried_out(names or [], request, engine, everything=everything))


def _carried_out(
    names: list[str], request: Request, engine: engines.Engine, *, everything: bool
) -> int:
    """Run and print; return the exit status. A request that is wrong for one ends before any."""
    experiments = _chosen(names, everything=everything)
    if everything:
        return run_everything(*plan_what_is_here(experiments, request), engine)
    planned = [(experiment, plan(experiment, request)) for experiment in experiments]
    return max(run_one(experiment, runs, engine) for experiment, runs in planned)


def _engine(name: str, jobs: int, cluster: str, options: list[str]) -> engines.Engine:
    require_known("engine", name, ("local", "submitit"))
    if name == "local":
        return engines.local(jobs)
    return sweep.submitted(jobs, cluster, dict(sweep.parsed(options)))


def _chosen(names: list[str], *, everything: bool) -> list[Experiment]:
    if everything == bool(names):
        raise ExperimentError("run needs either names (see `list`) or --all")
    return [problems.find(name) for name in names or problems.EXPERIMENTS]


def _pairs(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise ExperimentError(f"--set needs name=value, got {text!r}; example: --set steps=50")
    return dict(text.split("=", 1) for text in texts)


@app.command()
def tune(
    names: Names,
    *,
    quick: Preset = True,
    method: Methods = None,
    logs: Logs = DEFAULT_LOGS,
    jobs: Jobs = CORES,
) -> None:
    """Try every learning rate of the grid on an unreported seed and keep the best per method."""
    for name in names:
        experiment = problems.find(name)
        preset = "quick" if quick else "paper"
        request = Request(preset=preset, methods=tuple(method or ()), logs=logs, jobs=jobs)
        outcome = with_progress(
            f"tune {name}", tuning_runs(experiment, request), engines.local(jobs)
        )
        rates = chosen(experiment, outcome.logs)
        save(experiment, preset, rates)
        console.print(tables.learning_rates(rates).rich())


@app.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(BENCHMARKS)}, or all that this commit lacks."),
    ] = "maps",
    *,
    part: Parts = None,
    rounds: Annotated[int, typer.Option(min=1, help="Timings per step.")] = 11,
    device: str = "cpu",
    output: Annotated[Path, typer.Option(help="Folder of the page.")] = RESULTS,
) -> None:
    """Time our steps against the peers', or our engine against torch's; continue if interrupted."""
    require_known("benchmark", name, [*BENCHMARKS, ALL])
    if name == ALL and part:
        raise ExperimentError("--size and --name choose parts of one benchmark, not of all")
    setup = Setup(rounds, parse_device(device))
    for each in BENCHMARKS if name == ALL else (name,):
        _bench(each, setup, output, part or (), keep=name == ALL)


def _bench(name: str, setup: Setup, output: Path, parts: Sequence[str], *, keep: bool) -> None:
    with one_thread(), console.status("timing") as status:
        show = lambda text: status.update(f"timing {name} {text}")  # noqa: E731 -- one line
        tables = carry_out(name, BENCHMARKS[name], setup, output, parts=parts, keep=keep, show=show)
    for title, table in tables.items():
        console.print(f"\n{title}", style="bold")
        console.print(table.rich())
    console.print(f"written to {output / f'bench_{name}.md'}", soft_wrap=True)


@app.command()
def report(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; all if none.")] = None,
    *,
    logs: Logs = DEFAULT_LOGS,
    further: Annotated[list[Path] | None, typer.Option(help="More logs to show (repeat).")] = None,
    figures: Annotated[Path, typer.Option(help="Folder of PNG figures to show.")] = FIGURES,
    output: Annotated[Path, typer.Option(help="The page.")] = RESULTS / "report.md",
) -> None:
    """Write a Markdown page with tables, verdicts and figures from the logs."""
    experiments = [problems.find(name) for name in names or problems.EXPERIMENTS]
    write_text(output, page(experiments, logs, figures, output, further or ()))
    console.print(f"written to {output}", soft_wrap=True)


@app.command("archive")
def archive_logs(
    names: Names,
    *,
    logs: Logs = DEFAULT_LOGS,
    output: Annotated[Path, typer.Option(help="Folder of the copies.")] = ARCHIVE,
) -> None:
    """Copy the latest logs, thinned, so that the figures can be drawn without a run."""
    for name in names:
        written = archive(problems.find(name), logs, output)
        console.print(f"{name}: {len(written)} logs in {written[0].parent}", soft_wrap=True)
