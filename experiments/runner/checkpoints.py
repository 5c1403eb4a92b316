"""Checkpoints: the state of an unfinished run beside its log, and how many rows it had by then.

One file `NAME.jsonl.checkpoint`: the SHA-256 of the rest, then what `torch.save` writes. It is
replaced at once, never half, and only after the rows it speaks of are on disk.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from experiments.runner.errors import LogError
from experiments.runner.files import replacing
from experiments.runner.logs import PartialLog, Row
from experiments.runner.trial import Stateful

SECONDS = 5.0  # of work between two checkpoints: what a killed run loses at most
SHARE = 0.05  # of a run's time that checkpoints may take
DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Checkpoint:
    """The log's header, its rows so far, the next step, and the state before it."""

    header: Row
    rows: int
    step: int
    state: dict[str, Any]


def path_of(log: Path) -> Path:
    """Return where the checkpoint of a log is."""
    return log.with_name(log.name + ".checkpoint")


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint at `path`."""
    content = io.BytesIO()
    torch.save(vars(checkpoint), content)
    with replacing(path) as partial, partial.open("wb") as file:
        file.write(hashlib.sha256(content.getbuffer()).digest())
        file.write(content.getbuffer())
        file.flush()
        os.fsync(file.fileno())  # the name must never be on disk before the contents


def read(path: Path) -> Checkpoint:
    """Return the checkpoint at `path`; a `LogError` if a bit of it is not as it was written."""
    content = path.read_bytes()
    if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        raise LogError(f"{path} is damaged")
    try:
        fields = torch.load(io.BytesIO(content[DIGEST:]), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # a state of more than tensors, numbers and containers
        raise LogError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return Checkpoint(**fields)


class Keeper:
    """Writes a checkpoint every few seconds of work, and less often where writing is slow."""

    def __init__(self, log: PartialLog, parts: Mapping[str, Stateful]) -> None:
        self.log, self.parts, self.path = log, parts, path_of(log.path)
        self.due = time.monotonic() + SECONDS

    def keep_if_due(self, step: int) -> None:
        """Write a checkpoint if the last one is long ago."""
        if time.monotonic() >= self.due:
            self.keep(step)

    def keep(self, step: int) -> None:
        """Write a checkpoint of the state before `step`."""
        began = time.monotonic()
        self.log.sync()
        state = {name: part.state_dict() for name, part in self.parts.items()}
        write(self.path, Checkpoint(self.log.header, self.log.rows, step, state))
        ended = time.monotonic()
        self.due = ended + max(SECONDS, (ended - began) / SHARE)

    def finish(self) -> None:
        """Give the log its name; no checkpoint is needed any more."""
        self.log.finish()
        self.path.unlink(missing_ok=True)
