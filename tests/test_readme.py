"""The README is true: its code runs, its table is the catalogue, its figure exists."""

import re
from pathlib import Path

import pytest

from manifolds.catalogue.table import markdown_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_code_block_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 -- our own text


def test_the_first_screen_has_a_code_block():
    assert BLOCKS
    assert README.index(BLOCKS[0]) < 1500


def test_the_table_is_the_catalogue():
    assert markdown_table() in README


@pytest.mark.parametrize("image", re.findall(r"!\[[^]]*\]\(([^)]+)\)", README))
def test_an_image_is_there(image: str):
    assert (ROOT / image).is_file()
