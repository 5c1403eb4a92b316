"""Timings are interleaved, warm, and patient with slow steps only once."""

import time

import pytest
import torch

from experiments.benchmarks.stopwatch import interleaved, peak_bytes, timed


@pytest.fixture
def work(monkeypatch):
    """Seconds of this process that pass only where a step takes them: `work(0.003)`."""
    spent = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: spent[0])

    def take(seconds):
        spent[0] += seconds

    return take


def test_candidates_take_turns_after_a_warm_up():
    calls = []
    steps = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    timings = interleaved(steps, rounds=3, slow=1.0)
    assert calls == ["a", "b"] * 4
    assert [timing.runs for timing in timings.values()] == [3, 3]


def test_a_round_takes_calls_in_a_row_until_they_last(work):
    calls = []
    steps = {"a": lambda: calls.append(work(0.003))}
    timing = interleaved(steps, rounds=1, slow=1.0, block=0.02)["a"]
    assert len(calls) == 1 + (1 + 2 + 4 + 8) + 8  # the first, doubled until 0.02 s, and the round
    assert timing.seconds == pytest.approx(0.003)


def test_a_step_that_is_slow_the_first_time_is_timed_in_a_row(work):
    calls = []
    steps = {"compiled": lambda: calls.append(work(0.003 if calls else 1.0))}
    interleaved(steps, rounds=1, slow=1.0, block=0.02)
    assert len(calls) == 1 + (1 + 2 + 4 + 8) + 8


def test_a_slow_candidate_is_timed_once():
    calls = []
    timings = interleaved({"slow": lambda: calls.append(1)}, rounds=5, slow=-1.0)
    assert timings["slow"].runs == 1
    assert len(calls) == 2


def test_time_in_which_others_have_the_processor_is_not_counted(work):
    assert timed(lambda: time.sleep(0.01)) == 0
    assert timed(lambda: work(0.5)) == 0.5


def test_the_peak_counts_what_lives_at_the_same_time():
    x = torch.ones(1000, 1000)

    def step():
        (x + 1) + (x + 2)  # both sums are alive while the third is made
        x + 3  # when the others are gone

    assert peak_bytes(step) == 3 * x.nbytes
