"""Files that are replaced at once: whoever reads one never sees half of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the path of a file that takes the place of `path` once it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    yield partial
    os.replace(partial, path)


def write_text(path: Path, text: str) -> None:
    """Replace a text."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
