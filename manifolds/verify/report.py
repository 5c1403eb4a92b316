"""What was measured, as a table for a terminal of 80 columns and as a file for programs."""

import json
import math
import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from rich.table import Table

from manifolds.verify.kept import write_text
from manifolds.verify.law import EPS
from manifolds.verify.measure import Row, merged_by
from manifolds.verify.source import git, version_of
from manifolds.verify.times import Time


class VerificationError(AssertionError):
    """A law failed."""


@dataclass
class Report:
    """Rows, and what was not measured: (law, reason) -> how often."""

    rows: list[Row]
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    device: str = "cpu"
    times: list[Time] = field(default_factory=list)

    @property
    def failures(self) -> list[Row]:
        """The rows that did not pass."""
        return [row for row in self.rows if not row.passed]

    @property
    def passed(self) -> bool:
        """Whether something was measured and nothing failed."""
        return bool(self.rows) and not self.failures

    def raise_on_failure(self) -> None:
        """VerificationError with a line per failed law."""
        if not self.passed:
            lines = [row.sentence() for row in self.failures] or ["nothing was checked"]
            raise VerificationError("\n".join(lines))

    def __str__(self) -> str:
        """A line per law."""
        return "\n".join(
            f"{'pass' if row.passed else 'FAIL'}  {row.sentence()}" for row in self.rows
        )

    @property
    def unmeasured(self) -> Counter[tuple[str, str]]:
        """(law, reason) -> how often nothing was measured, by the plan or for want of a place."""
        found = ((row.law, reason) for row in self.rows for reason in row.skipped)
        return self.skipped + Counter(found)

    def write(self, path: Path) -> None:
        """JSON, a line per row: the worst of each law, manifold and dtype; of each case; failures.

        A case is a manifold with its options, and its worst law what the table shows.
        """
        skipped = sorted(self.unmeasured.items())
        content = {
            "rows": [row.as_json() for row in merged_by(self.rows, "manifold", "dtype")],
            "cases": [_worst_of_case(group).as_json() for group in cases(self.rows)],
            "failures": [row.as_json() for row in self.failures],
            "times": [time.as_json() for time in self.times],
            "skipped": [{"law": l, "reason": why, "count": n} for (l, why), n in skipped],
        }
        lists = [
            f'"{name}": [\n' + ",\n".join(map(_line, each)) + "\n]"
            for name, each in content.items()
        ]
        write_text(
            path, ",\n".join([f'{{\n"header": {_line(header(self.device))}', *lists]) + "\n}\n"
        )


def _line(plain: dict) -> str:
    return json.dumps(plain, ensure_ascii=False)


def cases(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each manifold with its options."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.manifold, row.options), []).append(row)
    return list(groups.values())


def header(device: str) -> dict[str, str | None]:
    """Versions, device, machine and the commit of the source, if it is a checkout."""
    on_gpu = torch.device(device).type == "cuda"
    return {
        "manifolds": version_of("manifolds-torch"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if on_gpu else platform.machine(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "commit": _commit(),
    }


def _commit() -> str | None:
    """The commit of the folder this file is in, None from an installed package."""
    here = Path(__file__).resolve().parents[2]
    return (git(here, "rev-parse", "HEAD") or None) if (here / ".git").exists() else None


def table(rows: Sequence[Row], times: Sequence[Time] = ()) -> Table:
    """A line per case: the error in eps nearest to its limit, and the verdict on all.

    With times the slowest of the line, of one forward and backward in microseconds.
    """
    result = Table(box=None, padding=(0, 1, 0, 0))
    result.add_column("manifold", no_wrap=True)
    result.add_column("options", overflow="fold")
    for name in ("checks", "eps", "limit", *(["µs"] if times else [])):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("law", no_wrap=True)
    result.add_column("", no_wrap=True)
    for group in cases(rows):
        worst = _worst_of_case(group)
        verdict = "[green]ok[/]" if worst.passed else "[red]FAIL[/]"
        error = f"{worst.error:.2g}" if worst.unit == EPS else worst.unit
        case = worst.manifold, worst.options
        spent = [t.microseconds for t in times if (t.manifold, t.options) == case]
        taken = [f"{max(spent, default=math.nan):.0f}"] if times else []
        found = (str(worst.checks), error, f"{worst.limit:.3g}", *taken, worst.law, verdict)
        result.add_row(*case, *found)
    return result


def _worst_of_case(group: Sequence[Row]) -> Row:
    """The failure, or else the error in eps, nearest to its limit, for all rows of the group."""
    shown = [row for row in group if not row.passed] or [row for row in group if row.unit == EPS]
    worst = max(shown or group, key=lambda row: row.strain)
    checks, seconds = (sum(getattr(row, name) for row in group) for name in ("checks", "seconds"))
    return replace(worst, checks=checks, seconds=seconds, passed=all(row.passed for row in group))
