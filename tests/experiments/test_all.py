"""All experiments run together and end in one table."""

from dataclasses import replace

import pytest
from experiments_helpers import TINY, plant

from experiments import problems
from experiments.methods import METHODS as METHODS_OF_FRAMES
from experiments.runner import overall, tables, workers
from experiments.runner.errors import MissingDataError
from experiments.runner.experiment import Claim
from experiments.runner.logs import write_run
from experiments.runner.overall import Conclusion, longest_first, summary
from experiments.runner.plan import Request, override, plan

PROCRUSTES, MLP = "stiefel_procrustes", "stiefel_mlp"
METHODS = {PROCRUSTES: ("cayley", "landing"), MLP: ("polar", "unconstrained")}


@pytest.fixture
def tiny(monkeypatch):
    """The only experiments: two of two methods each, which take milliseconds."""
    for name in set(problems.EXPERIMENTS) - set(METHODS):
        monkeypatch.delitem(problems.EXPERIMENTS, name)
    for name, methods in METHODS.items():
        was = problems.EXPERIMENTS[name]
        settings = dict(text.split("=", 1) for text in TINY[name])
        small = replace(
            was,
            presets={"quick": override(was.settings("quick"), settings)},
            methods={method: was.methods[method] for method in methods},
        )
        monkeypatch.setitem(problems.EXPERIMENTS, name, small)
    return problems.EXPERIMENTS


@pytest.fixture
def run_everything(command, logs, tiny):
    return lambda *more: command("run", "--all", "--quick", "--jobs", 1, "--logs", logs, *more)


def test_everything_ends_in_one_table_of_80_columns(run_everything):
    status, printed = run_everything()
    assert status == 1  # four steps are not enough
    assert printed.count("required") == 1
    assert "experiment claim" in printed
    assert "of 3 claims of 2 experiments are reproduced" in printed
    assert "4 logs (0 reused)" in printed
    assert max(len(line) for line in printed.splitlines() if " logs (" not in line) <= 80


def test_everything_again_reuses_every_run(run_everything):
    run_everything()
    _, printed = run_everything()
    assert "4 logs (4 reused)" in printed


def test_everything_reproduced_is_status_zero(run_everything, tiny):
    longer = override(tiny[PROCRUSTES].presets["quick"], {"steps": "300", "rows": "20"})
    cayley = {"cayley": tiny[PROCRUSTES].methods["cayley"]}
    tiny[PROCRUSTES] = replace(tiny[PROCRUSTES], presets={"quick": longer}, methods=cayley)
    del tiny[MLP]
    status, printed = run_everything("--dtype", "float64")
    assert status == 0, printed
    assert "1 of 1 claims of 1 experiments are reproduced at preset quick" in printed


def test_a_failed_run_is_a_line_of_the_table(run_everything, tiny, monkeypatch):
    plant(monkeypatch, "landing", lambda *_: 1 / 0)
    status, printed = run_everything()
    assert status == 1
    assert "every run ends" in printed
    assert "1 failed" in printed
    assert "failed: stiefel_procrustes landing seed 0: ZeroDivisionError" in printed


def test_missing_data_is_a_line_of_the_table_and_the_others_run(run_everything, tiny):
    def require(settings):
        raise MissingDataError("the data is not here; fetch it")

    tiny[MLP] = replace(tiny[MLP], require=require)
    status, printed = run_everything()
    assert status == 1
    assert "NOT RUN" in printed
    assert "fetch it" in printed
    assert "2 logs (0 reused)" in printed


def test_missing_data_of_a_named_experiment_is_an_error_before_any_run(command, tiny, logs):
    def require(settings):
        raise MissingDataError("the data is not here; fetch it")

    tiny[MLP] = replace(tiny[MLP], require=require)
    status, printed = command("run", PROCRUSTES, MLP, "--logs", logs)
    assert status == 2
    assert "fetch it" in printed
    assert not logs.exists()


def test_an_interrupted_run_of_everything_continues_by_the_same_command(
    run_everything, monkeypatch
):
    def interrupt_the_third(run):
        if interrupt_the_third.runs == 2:
            raise KeyboardInterrupt
        interrupt_the_third.runs += 1
        return execute(run)

    interrupt_the_third.runs, execute = 0, workers.execute
    with monkeypatch.context() as patch:
        patch.setattr(workers, "execute", interrupt_the_third)
        status, printed = run_everything()
    assert status == 130
    assert "interrupted: 2 of 4 runs are finished and kept" in printed
    _, printed = run_everything()
    assert "4 logs (2 reused)" in printed


@pytest.mark.parametrize("names", [(), (PROCRUSTES, "--all")])
def test_a_run_needs_names_or_all(command, names):
    status, printed = command("run", *names)
    assert status == 2
    assert "either names (see `list`) or --all" in printed


def test_the_longest_runs_begin_first_and_unknown_ones_before_them(logs, monkeypatch):
    monkeypatch.setattr(overall, "ARCHIVE", logs / "archive")
    runs = plan(problems.find(PROCRUSTES), Request(logs=logs, seeds=(0, 1, 2, 3)))[::25][:4]
    archived = overall.ARCHIVE / runs[2].path.relative_to(logs)
    for path, seconds in ((runs[0].path, 1.5), (archived, 20.0), (runs[3].path, 3.0)):
        write_run(path, {}, [{"wall_s": seconds}])
    assert longest_first(runs) == [runs[1], runs[2], runs[3], runs[0]]


def test_a_conclusion_with_a_failed_run_is_not_reproduced():
    good = Claim("holds", "x <= 1", "0", reproduced=True)
    assert Conclusion("a", [good]).reproduced
    assert not Conclusion("a", [good], failed=1).reproduced
    assert not Conclusion("a", [], missing="no data").reproduced
    bad = replace(good, reproduced=False)
    parts = [Conclusion("a", [good, bad]), Conclusion("b", [], failed=2, missing="no data")]
    expected = "1 of 2 claims of 2 experiments are reproduced; 2 runs failed; 1 not run"
    assert summary(parts) == expected


def test_long_names_of_experiments_take_two_lines():
    assert tables.in_two_lines("low_rank_completion") == "low_rank_\ncompletion"
    assert tables.in_two_lines("thomson") == "thomson"


def test_the_report_begins_with_everything_and_what_is_not_reproduced(
    run_everything, command, logs, tmp_path
):
    run_everything()
    page = tmp_path / "report.md"
    command("report", "--logs", logs, "--output", page)
    text = page.read_text()
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles[:2] == ["# Experiments", "## Not reproduced as such"]
    assert text.index("| experiment | claim |") < text.index(titles[1])
    assert "- stiefel_procrustes, cayley: optimum on the manifold: gap <= 0.01 (ours " in text


def test_the_report_says_where_methods_of_which_no_optimum_is_claimed_end(
    run_everything, command, logs, tmp_path, tiny
):
    methods = {"polar": METHODS_OF_FRAMES["polar"]}
    tiny[PROCRUSTES] = replace(tiny[PROCRUSTES], methods=methods)
    del tiny[MLP]
    run_everything()
    page = tmp_path / "report.md"
    command("report", "--logs", logs, "--output", page)
    text = page.read_text()
    assert "Every claim holds." in text
    assert "- stiefel_procrustes, polar: gap " in text


def test_a_report_of_what_was_never_run_says_so(command, tiny, logs, tmp_path):
    page = tmp_path / "report.md"
    command("report", "--logs", logs, "--output", page)
    assert "- stiefel_mlp: its logs are not here" in page.read_text()
