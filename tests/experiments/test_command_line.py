"""Every misspelling has a suggestion and a nonzero status; every page is written whole."""

from dataclasses import replace

import pytest

from experiments.data import fashion_mnist
from experiments.problems import EXPERIMENTS
from experiments.problems.stiefel_procrustes import Procrustes
from experiments.runner import learning_rates, report

PROCRUSTES = "stiefel_procrustes"

MISSPELT = [
    (("run", "stiefel_procruste"), "did you mean 'stiefel_procrustes'"),
    (("run", PROCRUSTES, "--method", "cayly"), "did you mean 'cayley'"),
    (("run", PROCRUSTES, "--dtype", "float23"), "did you mean 'float32'"),
    (("run", PROCRUSTES, "--device", "abacus"), "device 'abacus' cannot be used here"),
    (("run", PROCRUSTES, "--set", "step=3"), "did you mean 'steps'"),
    (("run", PROCRUSTES, "--set", "steps=many"), "not a value of type int; example: 400"),
    (("run", PROCRUSTES, "--set", "steps=5.7"), "not a value of type int"),
    (("run", PROCRUSTES, "--set", "steps"), "--set needs name=value"),
    (("run", PROCRUSTES, "--papper"), "--paper"),
    (("run", PROCRUSTES, "--data", "nowhere"), "--data nowhere is not a folder"),
    (("run", "stiefel_mlp", "--set", 'data="fashon"'), "did you mean 'fashion'"),
    (("run", "stiefel_mlp", "--set", "data=fashon"), "did you mean 'fashion'"),
    (("tune", "stiefel_mpl"), "did you mean 'stiefel_mlp'"),
    (("bench", "mops"), "did you mean 'maps'"),
    (("bench", "maps", "--size", "8by8"), "examples: 512x64"),
    (("bench", "maps", "--size", "8x16"), "examples: 512x64"),
    (("bench", "manifolds", "--name", "Spere"), "did you mean 'Sphere'"),
    (("bench", "maps", "--device", "abacus"), "device 'abacus' cannot be used here"),
    (("report", "procrustes"), "did you mean 'stiefel_procrustes'"),
]


@pytest.mark.parametrize(("arguments", "message"), MISSPELT)
def test_a_mistake_is_named_with_its_way_out(command, arguments, message):
    status, printed = command(*arguments)
    assert status == 2
    assert message in printed


def test_a_mistake_is_found_before_any_run(command, logs):
    command("run", PROCRUSTES, "stiefel_mpl", "--logs", logs)
    assert not logs.exists()


def test_the_list_names_every_experiment_and_method(command):
    status, printed = command("list")
    assert status == 0
    words = printed.replace(",", " ").split()
    assert {name for e in EXPERIMENTS.values() for name in (e.name, *e.methods)} <= set(words)


def test_tuning_keeps_the_rate_with_the_smallest_merit(command, logs, monkeypatch, tmp_path):
    monkeypatch.setattr(learning_rates, "FILE", tmp_path / "rates.json")
    monkeypatch.setitem(EXPERIMENTS, PROCRUSTES, tiny_grid())
    status, _ = command("tune", PROCRUSTES, "--method", "landing", "--logs", logs, "--jobs", 1)
    assert status == 0
    assert learning_rates.tuned(EXPERIMENTS[PROCRUSTES], "quick", "landing") == 0.1


def tiny_grid():
    small = Procrustes(steps=30, batch=2, rows=20, size=5)
    return replace(EXPERIMENTS[PROCRUSTES], presets={"quick": small}, grid=(1e-6, 0.1))


def test_a_diverged_rate_is_never_the_best():
    assert learning_rates.best({0.1: float("nan"), 0.2: float("inf"), 0.3: 5.0}) == 0.3


def test_the_report_has_tables_verdicts_and_what_was_not_run(command, run_tiny, logs, tmp_path):
    run_tiny(PROCRUSTES, "--method", "cayley", "--method", "landing")
    page = tmp_path / "pages" / "report.md"
    (tmp_path / "violation.png").write_bytes(b"")
    status, _ = command("report", "--logs", logs, "--figures", tmp_path, "--output", page)
    assert status == 0
    text = page.read_text()
    assert "| cayley: optimum on the manifold |" in text
    assert "NOT REPRODUCED" in text  # four steps are not enough
    assert "python -m experiments run stiefel_mlp" in text
    assert "![violation](../violation.png)" in text


def test_further_logs_are_shown_and_conclude_nothing(command, run_tiny, logs, tmp_path):
    run_tiny(PROCRUSTES, "--method", "landing")
    page = tmp_path / "report.md"
    status, _ = command("report", "--logs", tmp_path / "none", "--further", logs, "--output", page)
    assert status == 0
    assert "| landing |" in page.read_text()
    assert f"{PROCRUSTES}: its logs are not here" in page.read_text()


def test_a_report_on_a_damaged_log_says_which(command, run_tiny, logs, tmp_path):
    run_tiny(PROCRUSTES, "--method", "landing")
    damaged = next(logs.rglob("*.jsonl"))
    damaged.write_text(damaged.read_text()[:-30])
    status, printed = command("report", "--logs", logs, "--output", tmp_path / "report.md")
    assert status == 2
    assert "landing-seed0.jsonl" in printed
    assert not (tmp_path / "report.md").exists()


def test_an_archive_is_a_log_again(command, run_tiny, logs, tmp_path):
    run_tiny(PROCRUSTES, "--method", "landing", "--set", "steps=99")
    status, _ = command("archive", PROCRUSTES, "--logs", logs, "--output", tmp_path / "kept")
    assert status == 0
    status, _ = command("report", "--logs", tmp_path / "kept", "--output", tmp_path / "report.md")
    assert status == 0
    assert "thinned" in (tmp_path / "report.md").read_text()


def test_the_paper_preset_without_its_images_says_how_to_get_them(command, monkeypatch, tmp_path):
    monkeypatch.setattr(fashion_mnist, "PACKAGE", tmp_path)
    monkeypatch.delenv("EXPERIMENTS_DATA", raising=False)
    status, printed = command("run", "stiefel_mlp", "--paper", "--logs", tmp_path / "logs")
    assert status == 2
    assert "apt-get install dataset-fashion-mnist" in printed
    assert not (tmp_path / "logs").exists()


def test_an_archive_keeps_what_a_condition_number_has_beyond_one():
    assert report._short(1 + 2.0**-20) - 1 == pytest.approx(2.0**-20, rel=1e-2)
