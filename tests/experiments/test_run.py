"""Runs are logged, reused, continued and judged."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from experiments_helpers import plant

from experiments.methods.method import Updated, gradient
from experiments.runner.logs import read_run
from experiments.runner.provenance import ROOT

PROCRUSTES = "stiefel_procrustes"


def names(logs):
    return sorted(path.name for path in logs.rglob("*.jsonl"))


def test_a_run_logs_every_step_with_where_it_came_from(run_tiny, logs):
    run_tiny(PROCRUSTES, "--method", "landing")
    log = read_run(next(logs.rglob("*.jsonl")))
    assert [row["step"] for row in log.rows] == [0, 1, 2, 3, 4]
    columns = {"wall_s", "step_ms", "loss", "gap", "violation", "roundtrip"}
    assert columns <= set(log.rows[0])
    known = {"settings", "versions", "commit", "code", "device_name", "seed", "learning_rate"}
    assert known <= set(log.header)


@pytest.mark.parametrize("experiment", ["stiefel_procrustes", "stiefel_mlp"])
def test_a_finished_run_is_reused(run_tiny, logs, experiment):
    run_tiny(experiment, "--method", "cayley")
    before = next(logs.rglob("*.jsonl")).stat().st_mtime_ns
    _, printed = run_tiny(experiment, "--method", "cayley")
    assert "1 reused" in printed
    assert next(logs.rglob("*.jsonl")).stat().st_mtime_ns == before


def test_another_code_version_is_not_reused(run_tiny, monkeypatch):
    run_tiny(PROCRUSTES, "--method", "landing")
    monkeypatch.setattr("experiments.runner.provenance.code_version", lambda _: "another")
    _, printed = run_tiny(PROCRUSTES, "--method", "landing")
    assert "0 reused" in printed


def test_other_settings_get_a_folder_of_their_own(run_tiny, logs):
    run_tiny(PROCRUSTES, "--method", "landing")
    run_tiny(PROCRUSTES, "--method", "landing", "--set", "steps=5")
    assert len(names(logs)) == 2


def test_more_seeds_keep_the_runs_of_the_first(run_tiny, logs):
    run_tiny(PROCRUSTES, "--method", "landing", "--seed", 0)
    _, printed = run_tiny(PROCRUSTES, "--method", "landing", "--seed", 0, "--seed", 1)
    assert "2 logs (1 reused)" in printed
    assert names(logs) == ["landing-seed0.jsonl", "landing-seed1.jsonl"]


def test_a_damaged_log_is_set_aside_and_only_its_run_repeated(run_tiny, logs):
    both = ("--method", "landing", "--method", "penalty")
    run_tiny(PROCRUSTES, *both)
    damaged = next(logs.rglob("landing*.jsonl"))
    half = damaged.read_text()[:200]
    damaged.write_text(half)
    _, printed = run_tiny(PROCRUSTES, *both)
    assert "2 logs (1 reused)" in printed
    assert "landing-seed0.jsonl.damaged" in printed
    assert next(logs.rglob("*.damaged")).read_text() == half
    assert read_run(damaged).rows[-1]["step"] == 4


def test_a_partial_log_of_an_earlier_run_is_run_again(run_tiny, logs):
    run_tiny(PROCRUSTES, "--method", "landing")
    finished = next(logs.rglob("*.jsonl"))
    finished.rename(finished.with_name(finished.name + ".partial"))
    _, printed = run_tiny(PROCRUSTES, "--method", "landing")
    assert "1 logs (0 reused)" in printed
    assert not list(logs.rglob("*.partial"))


def broken(start, loss, learning_rate):
    def update(x, m):
        raise RuntimeError("diverged on purpose\nwith a second line")

    return Updated(start, update)


def test_a_failing_method_leaves_the_others_running_and_the_status_nonzero(run_tiny, monkeypatch):
    plant(monkeypatch, "penalty", broken)
    status, printed = run_tiny(PROCRUSTES, "--method", "penalty", "--method", "unconstrained")
    assert status == 1
    assert "penalty seed 0: RuntimeError: diverged on purpose" in printed
    assert "1 logs (0 reused)" in printed


def standing_still(start, loss, learning_rate):
    return Updated(start, lambda x, m: (x, m))


def off_the_manifold(start, loss, learning_rate):
    return Updated(start, lambda x, m: (x - 0.1 * gradient(loss, x), m))


def not_a_number(start, loss, learning_rate):
    return Updated(torch.full_like(start, torch.nan), lambda x, m: (x, m))


@pytest.mark.parametrize("bad", [standing_still, off_the_manifold, not_a_number])
def test_a_bad_method_in_our_name_is_not_reproduced(run_tiny, monkeypatch, bad):
    plant(monkeypatch, "cayley", bad)
    status, printed = run_tiny(PROCRUSTES, "--method", "cayley", "--set", "steps=40")
    assert status == 1
    assert "NOT REPRODUCED" in printed.replace("\n", " ")


@pytest.mark.parametrize("name", ["cayley", "polar-rebased", "householder-fixed"])
def test_a_good_method_is_reproduced(run_tiny, name):
    more = ("--set", "steps=300", "--set", "rows=20")
    status, printed = run_tiny(PROCRUSTES, "--method", name, "--dtype", "float64", *more)
    assert status == 0, printed
    assert "NOT REPRODUCED" not in printed


def test_methods_without_a_claim_do_not_fail(run_tiny):
    status, printed = run_tiny(PROCRUSTES, "--method", "unconstrained")
    assert status == 0
    assert "no claim" in printed


def test_the_tables_fit_80_columns(run_tiny):
    methods = ("--method", "householder-rebased", "--method", "geotorch-exponential")
    _, printed = run_tiny(PROCRUSTES, *methods)
    tables = [line for line in printed.splitlines() if " logs (" not in line]
    assert max(map(len, tables)) <= 80


def start_a_long_run(logs):
    arguments = ["run", PROCRUSTES, "--jobs", "2", "--logs", str(logs), "--seed", "0"]
    settings = ["--set", "steps=1000000", "--set", "size=5", "--set", "rows=5"]
    methods = ["--method", "landing", "--method", "penalty"]
    return subprocess.Popen(  # noqa: S603  # this interpreter, constant arguments
        [sys.executable, "-m", "experiments", *arguments, *settings, *methods],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
        preexec_fn=listen_to_interrupts,  # noqa: PLW1509 -- it only sets a handler
    )


def listen_to_interrupts():
    """What a shell starts in the background ignores them, and so would what these tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stopped_run_leaves_partial_logs_and_nothing_running(logs, stop, status):
    process = start_a_long_run(logs)
    deadline = time.monotonic() + 60
    while written(logs) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, stop)  # to the parent alone: the processes must notice by themselves
    assert process.wait(30) == status
    partials = list(logs.rglob("*.jsonl.partial"))
    assert len(partials) == 2
    assert all(json.loads(p.read_text().splitlines()[0])["kind"] == "header" for p in partials)
    with pytest.raises(ProcessLookupError):  # the whole session is gone
        wait_until_gone(process.pid, deadline=time.monotonic() + 20)


def written(logs):
    """How many logs have their header on disk; it comes with the first block of rows."""
    return sum(path.stat().st_size > 0 for path in logs.rglob("*.jsonl.partial"))


def wait_until_gone(session, deadline):
    while time.monotonic() < deadline:
        os.killpg(session, 0)  # raises ProcessLookupError once nothing of it is left
        time.sleep(0.1)
