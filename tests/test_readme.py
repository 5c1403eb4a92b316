"""The README is true: its code runs, its table is the catalogue, its figure exists."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from manifolds.catalogue.table import markdown_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_code_block_runs_as_a_script(block: str, tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(block)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, str(script)]
    subprocess.run(run, cwd=tmp_path, env=environment, check=True)  # noqa: S603 -- our own text


def test_the_first_screen_has_a_code_block():
    assert BLOCKS
    assert README.index(BLOCKS[0]) < 1500


def test_the_table_is_the_catalogue():
    assert markdown_table() in README


@pytest.mark.parametrize("name", ["cayley", "exponential", "householder"])
def test_the_speeds_are_those_of_the_page(name: str):
    page = json.loads((ROOT / "experiments/results/bench_maps.json").read_text())
    products = {(row["step"], row["size"]): row["products"] for row in page["rows"]}
    cells = [name]
    for size in ("1024x1024", "1024x128", "1000x8x8"):
        steps = (name, f"torch-{name}", f"geotorch-{name}")
        found = [products[step, size] for step in steps if (step, size) in products]
        cells.append(" · ".join(f"{float(f'{x:.2g}'):g}" for x in found))
    assert f"| {' | '.join(cells)} |" in README


@pytest.mark.parametrize("name", ["cayley", "exponential", "householder"])
def test_the_times_far_from_the_base_are_those_of_the_page(name: str):
    page = json.loads((ROOT / "experiments/results/bench_norms.json").read_text())
    (products,) = (
        row["products"]
        for row in page["rows"]
        if (row["step"], row["size"], row["norm"]) == (name, "1024x1024", 10)
    )
    assert re.search(rf"norm 10\b.*\b{name} {re.escape(f'{products:.2g}')}\b", README, re.DOTALL)


def test_no_map_is_off_by_more_than_the_readme_says():
    rows = json.loads((ROOT / "experiments/results/bench_accuracy.json").read_text())["rows"]
    ours = [row["violation"] for row in rows if "-" not in row["step"]]
    said = re.search(r"five maps is off by more than (\d+) √k eps", README)
    assert said is not None
    assert max(ours) <= int(said[1])


@pytest.mark.parametrize("image", re.findall(r"!\[[^]]*\]\(([^)]+)\)", README))
def test_an_image_is_there(image: str):
    assert (ROOT / image).is_file()
