"""Where numbers come from: versions of packages and the commit of a checkout."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def version_of(distribution: str) -> str | None:
    """Its version, None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def git(checkout: Path, *arguments: str) -> str:
    """What git prints there, nothing where it fails or is not on this machine."""
    command = ["git", "-C", str(checkout), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- no input of a user
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
