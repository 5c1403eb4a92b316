"""What a log must say about where it came from: versions, device, commit, code."""

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch

from manifolds.verify.source import git, version_of

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("torch", "numpy", "scipy", "geotorch", "geoopt", "pymanopt", "scikit-learn")
# What cannot change a number is not part of the code version.
PRESENTATION = {
    "__main__.py",
    "command_line.py",
    "console.py",
    "engines.py",
    "errors.py",
    "files.py",
    "overall.py",
    "report.py",
    "sweep.py",
    "tables.py",
}


def versions() -> dict[str, str]:
    """Python's and each package's version; a package that is not installed says so."""
    packages = {name: version_of(name) or "not installed" for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def device_name(device: str) -> str:
    """Name the processor or accelerator behind a torch device."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {platform.machine()} {platform.system()}"


@cache
def _processor() -> str:
    """Name the processor by its model where Linux tells it: what a ratio of times depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "processor unknown")


CHANGED = "+"
"""Behind a commit: the code is no longer that one's."""
UNKNOWN = "unknown"


@cache
def commit() -> str:
    """Return the checkout's commit, `+` if more than results has changed; `unknown` outside one."""
    revision = git(ROOT, "rev-parse", "--short=12", "HEAD")
    changes = git(ROOT, "status", "--porcelain", "--", ".", ":!experiments/results")
    return f"{revision}{CHANGED if changes else ''}" if revision else UNKNOWN


def is_known(revision: str) -> bool:
    """Whether it says all of the code."""
    return revision != UNKNOWN and not revision.endswith(CHANGED)


@cache
def code_version(experiment: str) -> str:
    """First 12 hex digits of the SHA-256 of every source file that can change its numbers."""
    digest = hashlib.sha256()
    for path in _sources(experiment):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _sources(experiment: str) -> Iterator[Path]:
    for package in ("parametrize", "manifolds", "experiments"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if package != "experiments" or _changes_numbers(path, experiment):
                yield path


def _changes_numbers(path: Path, experiment: str) -> bool:
    """Whether a file of experiments/ has a part in this one; other problems do not."""
    folder = path.relative_to(ROOT / "experiments").parts[0]
    other = folder == "problems" and path.stem != experiment
    return not (other or folder == "benchmarks" or path.name in PRESENTATION)
