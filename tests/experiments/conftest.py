"""The command line called in this process, on settings that take milliseconds."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from experiments_helpers import TINY

from experiments.command_line import main
from experiments.runner.timing import one_thread


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """(arguments) -> exit status and everything printed."""

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["experiments", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        return int(exit_.value.code or 0), printed.out + printed.err

    return call


@pytest.fixture
def run_tiny(command, logs) -> Callable[..., tuple[int, str]]:
    """(experiment, more arguments) -> exit status and everything printed, in one process."""

    def call(experiment: str, *arguments: object) -> tuple[int, str]:
        settings = [part for value in TINY[experiment] for part in ("--set", value)]
        return command("run", experiment, "--jobs", 1, "--logs", logs, *settings, *arguments)

    return call


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Matrices of size 5 gain nothing from threads and lose much on a busy machine."""
    with one_thread():
        yield
