"""The wheel holds the engine and the catalogue, and works without the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("parametrize", "manifolds"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    run("-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(built), str(source), cwd=source)
    return next(built.glob("*.whl"))


def run(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(  # noqa: S603 -- our own arguments
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"parametrize", "manifolds"}
    assert "manifolds/py.typed" in names


def test_the_wheel_verifies_itself_outside_the_checkout(wheel: Path, tmp_path: Path):
    site = tmp_path / "site"
    run("-m", "pip", "install", "--no-deps", "--target", str(site), str(wheel), cwd=tmp_path)
    where = run("-c", "import manifolds; print(manifolds.__file__)", cwd=tmp_path, path=site)
    assert Path(where.strip()).is_relative_to(site)
    assert "Skew" in run("-m", "manifolds.verify", "Skew", cwd=tmp_path, path=site)
