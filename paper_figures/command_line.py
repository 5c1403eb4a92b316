"""Draw figures by name and say where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure
from rich.console import Console

from experiments.runner.errors import ExperimentError, LogError, require_known
from experiments.runner.files import replacing
from paper_figures.data import Sources
from paper_figures.registry import FIGURES
from paper_figures.style import styled

BAD_REQUEST = 2
DOTS_PER_INCH = 300
OUTPUT = Path("paper_figures/output")
console = Console()
app = typer.Typer(help="Figures from the logs; never trains.")


def main() -> None:
    """Run the command line; an error of the user is one line and exit status 2."""
    try:
        app()
    except ExperimentError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise SystemExit(BAD_REQUEST) from error


@app.command()
def draw(
    names: Annotated[list[str] | None, typer.Argument(help="Figures; all if none.")] = None,
    *,
    logs: Annotated[Path | None, typer.Option(help="Folder of the logs.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of the figures.")] = OUTPUT,
    verification: Annotated[Path | None, typer.Option(help="Report of the laws.")] = None,
    benchmarks: Annotated[Path | None, typer.Option(help="Folder of the benchmarks.")] = None,
) -> None:
    """Draw figures as PDF and PNG. A missing log is an error that names the command to make it."""
    for name in names or ():
        require_known("figure", name, FIGURES)
    sources, missing = Sources(logs, verification, benchmarks), 0
    for name in names or FIGURES:
        try:
            paths = save(name, sources, output)
            console.print(f"{name}: {', '.join(map(str, paths))}", soft_wrap=True)
        except LogError as error:
            missing += 1
            console.print(f"[red]{name}:[/red] {error}", highlight=False, soft_wrap=True)
    raise typer.Exit(BAD_REQUEST if missing else 0)


def save(name: str, sources: Sources, output: Path) -> list[Path]:
    """Draw one figure and replace its PDF and PNG."""
    with styled():
        figure = FIGURES[name](sources)
        return [_write(figure, output / f"{name}.{kind}") for kind in ("pdf", "png")]


def _write(figure: Figure, path: Path) -> Path:
    undated = {"CreationDate": None} if path.suffix == ".pdf" else {}  # same logs, same bytes
    with replacing(path) as partial:
        figure.savefig(partial, format=path.suffix[1:], dpi=DOTS_PER_INCH, metadata=undated)
    return path
