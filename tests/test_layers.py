"""Imports go one way only: parametrize <- manifolds <- experiments <- paper_figures.

Within manifolds: operators <- linear_algebra <- interface <- frames <- maps <- catalogue <-
rebase <- constrain <- verify.
"""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "parametrize": {"torch"},
    "manifolds": {"parametrize", "torch", "numpy", "scipy", "rich", "typer"},
    "experiments": {
        *{"parametrize", "manifolds", "torch", "numpy", "scipy", "rich", "typer", "pandas"},
        *{"sklearn", "geotorch", "geoopt", "networkx", "mnist1d", "threadpoolctl"},
    },
    "paper_figures": {"experiments", "matplotlib", "numpy", "pandas", "typer", "rich"},
}
FILES = [
    pytest.param(layer, path, id=str(path.relative_to(ROOT)))
    for layer in LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
]


PARTS = (
    *("operators", "linear_algebra", "interface", "frames", "maps", "catalogue"),
    *("rebase", "constrain", "verify"),
)
"""Of manifolds, each with those that it may import before it."""


def imported_modules(path: Path) -> list[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    froms = [n for n in nodes if isinstance(n, ast.ImportFrom)]
    return names + [f"{n.module}.{a.name}" for n in froms for a in n.names]


def imported_packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_modules(path)}


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_a_layer_imports_only_the_layers_below_it(layer: str, path: Path):
    allowed = LAYERS[layer] | {layer} | set(sys.stdlib_module_names)
    assert imported_packages(path) <= allowed


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_manifolds_imports_none_above_it(part: str):
    root = ROOT / "manifolds"
    files = (*root.glob(f"{part}.py"), *root.glob(f"{part}/**/*.py"))
    modules = (module for file in files for module in imported_modules(file))
    found = {m.split(".")[1] for m in modules if m.startswith("manifolds.")}
    assert found
    assert found <= set(PARTS[: PARTS.index(part) + 1])


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_files(layer: str):
    assert list((ROOT / layer).rglob("*.py"))


def test_figures_never_train():
    sources = [p.read_text() for p in (ROOT / "paper_figures").rglob("*.py")]
    assert not [s for s in sources if re.search(r"backward\(|\boptim\b", s)]
