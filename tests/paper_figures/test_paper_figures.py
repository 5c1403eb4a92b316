"""Every figure comes from logs alone, says where it is, and reads without colour."""

import subprocess
import sys

import matplotlib.image
import pytest
from matplotlib.figure import Figure

from experiments.benchmarks.maps import CHOSEN, TIMED
from experiments.runner.provenance import ROOT
from paper_figures.registry import FIGURES
from paper_figures.scaling import family_of, library_look
from paper_figures.style import LOOKS

REPORTS = {
    "round_trip": ("--verification", "verification.json", "python -m manifolds.verify --json"),
    "rank_at_ties": ("--benchmarks", "bench_ties.json", "python -m experiments bench ties"),
    "scaling": ("--benchmarks", "bench_scaling.json", "python -m experiments bench scaling"),
}
FROM_LOGS = [name for name in FIGURES if name not in REPORTS]


@pytest.fixture
def draw(command, made_up_logs, made_up_verification, made_up_benchmarks, tmp_path):
    def call(*names):
        sources = ("--logs", made_up_logs, "--verification", made_up_verification)
        sources += ("--benchmarks", made_up_benchmarks)
        return command(*names, *sources, "--output", tmp_path / "figures")

    return call


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_as_pdf_and_png(draw, tmp_path, name):
    status, printed = draw(name)
    assert status == 0, printed
    pdf, png = (tmp_path / "figures" / f"{name}.{kind}" for kind in ("pdf", "png"))
    assert str(pdf) in printed
    assert pdf.read_bytes().startswith(b"%PDF")
    assert matplotlib.image.imread(png).std() > 0.01  # a blank page has no contrast


def test_without_a_name_every_figure_is_drawn(draw, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "paper_figures.command_line.FIGURES", {"one": FIGURES["gap"], "two": lambda _: Figure()}
    )
    status, _ = draw()
    assert status == 0
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"one", "two"}


def test_the_same_logs_give_the_same_bytes(draw, tmp_path):
    draw("violation")
    first = (tmp_path / "figures" / "violation.pdf").read_bytes()
    draw("violation")
    assert (tmp_path / "figures" / "violation.pdf").read_bytes() == first


@pytest.mark.parametrize("name", FROM_LOGS)
def test_a_missing_log_names_the_command_that_makes_it(command, tmp_path, name):
    status, printed = command(name, "--logs", tmp_path / "none", "--output", tmp_path)
    assert status == 2
    assert "python -m experiments run " in printed
    assert not list(tmp_path.iterdir())


def report_at(path, option):
    """The option that points at a report: at its file, or at its folder."""
    return (option, path.parent if option == "--benchmarks" else path)


@pytest.mark.parametrize("name", REPORTS)
def test_a_missing_report_names_the_command_that_makes_it(command, tmp_path, name):
    option, file, made_by = REPORTS[name]
    status, printed = command(name, *report_at(tmp_path / file, option))
    assert status == 2
    assert made_by in printed


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": [{"manifold": "Sphere"}]}'])
def test_a_damaged_report_is_an_error(command, tmp_path, name, text):
    option, file, made_by = REPORTS[name]
    (tmp_path / file).write_text(text)
    status, printed = command(name, *report_at(tmp_path / file, option))
    assert status == 2
    assert "is not a" in printed
    assert made_by in printed


def test_a_damaged_log_is_an_error_that_names_it(draw, made_up_logs):
    damaged = next(made_up_logs.rglob("polar-seed1.jsonl"))
    for path in made_up_logs.rglob("polar-seed1.jsonl"):
        path.write_text(damaged.read_text()[:-40])
    status, printed = draw("violation")
    assert status == 2
    assert "polar-seed1.jsonl" in printed


def test_one_missing_log_does_not_stop_the_other_figures(draw, made_up_logs, tmp_path):
    for path in (made_up_logs / "stiefel_mlp").rglob("*.jsonl"):
        path.unlink()
    status, _ = draw("stiefel_mlp", "violation")
    assert status == 2
    assert (tmp_path / "figures" / "violation.pdf").exists()


def test_a_misspelt_figure_has_a_suggestion(command):
    status, printed = command("violatoin")
    assert status == 2
    assert "did you mean 'violation'" in printed


def test_every_method_differs_in_grey():
    marks = {(str(look.dash), look.marker, look.filling) for look in LOOKS.values()}
    assert len(marks) == len(LOOKS)


@pytest.mark.parametrize("peer", ["torch", "geotorch", "geoopt"])
def test_a_library_has_one_colour_where_libraries_are_compared(peer):
    colours = {library_look(name).colour for name in LOOKS if name.partition("-")[0] == peer}
    others = {"torch-cayley", "geotorch-cayley", "geoopt-sgd", "cayley", "landing"}
    assert len(colours) == 1
    assert len({library_look(name).colour for name in others}) == len(others)


@pytest.mark.parametrize("forbidden", ["torch", "manifolds", "experiments.runner.run"])
def test_the_figures_load_nothing_that_could_train(forbidden):
    code = f"import sys, paper_figures.command_line; sys.exit({forbidden!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)  # noqa: S603  # this interpreter
    assert done.returncode == 0


@pytest.mark.parametrize("method", CHOSEN)
def test_growth_is_drawn_by_the_family_that_answers_for_a_method(method):
    assert family_of(method) == TIMED[method].family
