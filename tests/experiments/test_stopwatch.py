"""Timings are interleaved, warm, and patient with slow steps only once."""

import time

import torch

from experiments.benchmarks.stopwatch import interleaved, peak_bytes, timed


def test_candidates_take_turns_after_a_warm_up():
    calls = []
    steps = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    timings = interleaved(steps, rounds=3, slow=1.0)
    assert calls == ["a", "b"] * 4
    assert [timing.runs for timing in timings.values()] == [3, 3]


def test_a_round_takes_calls_in_a_row_until_they_last():
    calls = []
    steps = {"a": lambda: calls.append(sum(range(10_000)))}
    timing = interleaved(steps, rounds=1, slow=1.0, block=0.02)["a"]
    row = len(calls) // 3  # the warm-up is one, then doubled: 1 + 1 + 2 + ... + row, then row again
    assert row > 1
    assert row.bit_count() == 1
    assert timing.seconds < 0.02


def test_a_step_that_is_slow_the_first_time_is_timed_in_a_row():
    calls = []

    def step():
        calls.append(sum(range(10_000 if calls else 3_000_000)))

    interleaved({"compiled": step}, rounds=1, slow=1.0, block=0.02)
    assert len(calls) > 3


def test_a_slow_candidate_is_timed_once():
    calls = []
    timings = interleaved({"slow": lambda: calls.append(1)}, rounds=5, slow=-1.0)
    assert timings["slow"].runs == 1
    assert len(calls) == 2


def test_time_in_which_others_have_the_processor_is_not_counted():
    assert timed(lambda: time.sleep(0.1)) < 0.05


def test_the_peak_counts_what_lives_at_the_same_time():
    x = torch.ones(1000, 1000)

    def step():
        (x + 1) + (x + 2)  # both sums are alive while the third is made
        x + 3  # when the others are gone

    assert peak_bytes(step) == 3 * x.nbytes
