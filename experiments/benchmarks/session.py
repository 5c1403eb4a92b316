"""Carry a benchmark out part by part, keep what is done, and write its page and its numbers.

Each finished part is on disk at once, in `bench_NAME.json.partial`: an interrupted benchmark
continues from there if nothing has changed that its times depend on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from experiments.benchmarks.benchmark import Benchmark, Row, Setup
from experiments.runner.files import write_text
from experiments.runner.provenance import commit, device_name, is_known, versions
from experiments.runner.tables import TextTable


def carry_out(
    name: str,
    benchmark: Benchmark,
    setup: Setup,
    folder: Path,
    *,
    parts: Sequence[str] = (),
    keep: bool = False,
    show: Callable[[str], None] = lambda text: None,  # noqa: ARG005 -- silent
) -> Mapping[str, TextTable]:
    """Time the parts that are not there yet, write `bench_NAME.json` and `.md`, return tables.

    `keep` takes a finished page of the same conditions, of committed code, as it is.
    """
    for part in parts:
        benchmark.require(part)
    path = folder / f"bench_{name}.json"
    partial = path.with_name(path.name + ".partial")
    header = _header(setup, benchmark)
    chosen, found = list(parts or benchmark.parts), _found(path, header)
    if keep and is_known(header["commit"]) and found.get("parts") == chosen:
        return _shown(path, benchmark, found)
    done = _found(partial, header).get("done", {})
    for part in chosen:
        if part not in done:
            show(part)
            done[part] = benchmark.measure(part, setup)
            write_text(partial, _json(header, done))
    rows = [row for part in chosen for row in done[part]]
    finished = {**header, "parts": chosen, "rows": rows}
    write_text(path, json.dumps(finished, indent=1) + "\n")
    tables = _shown(path, benchmark, finished)
    partial.unlink(missing_ok=True)
    return tables


def _shown(path: Path, benchmark: Benchmark, found: Mapping[str, Any]) -> Mapping[str, TextTable]:
    """Write the page of what was found, and return its tables."""
    tables = benchmark.tables(found["rows"])
    name = path.stem.removeprefix("bench_")
    write_text(path.with_suffix(".md"), page(name, found, tables))
    return tables


def _header(setup: Setup, benchmark: Benchmark) -> dict[str, Any]:
    return {
        "device": device_name(str(setup.device)),
        "threads": torch.get_num_threads(),
        "rounds": setup.rounds,
        "versions": versions(),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "unit": f"{benchmark.clock.format(rounds=setup.rounds)} {benchmark.unit}".strip(),
    }


def _json(header: Mapping[str, Any], done: Mapping[str, Sequence[Row]]) -> str:
    return json.dumps({**header, "done": done})


def _found(path: Path, header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a benchmark of the same conditions has left there."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    same = all(found.get(key) == value for key, value in header.items() if key != "date")
    return found if same else {}


def page(name: str, header: Mapping[str, Any], tables: Mapping[str, TextTable]) -> str:
    """Return a Markdown page: the conditions, then every table."""
    packages = ", ".join(f"{package} {number}" for package, number in header["versions"].items())
    threads = "one thread" if header["threads"] == 1 else f"{header['threads']} threads"
    conditions = (
        f"{header['device']}, {threads}, float32; {packages}; commit {header['commit']}, "
        f"{header['date']}. {header['unit']}"
    )
    command = f"Made by `python -m experiments bench {name}`."
    sections = [f"## {title}\n\n{table.markdown()}" for title, table in tables.items()]
    return "\n\n".join([f"# {name}", conditions, command, *sections]) + "\n"
