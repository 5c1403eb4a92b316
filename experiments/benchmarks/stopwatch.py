"""Interleaved medians: every round times every candidate in turn, so that load hits all alike.

On a CPU the clock is that of this process, so that a step which another process interrupts is not
charged for it: on a machine with six jobs on two cores, steps of 5 ms took seven times as long by
the wall clock, and the product of 0.4 ms that they are measured in as long as ever (measured).
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch.profiler import ProfilerActivity, profile

from experiments.runner.timing import synchronize

CPU = torch.device("cpu")
Step = Callable[[], object]
Name = TypeVar("Name", bound=Hashable)
PROFILES = 2
"""Calls whose larger peak counts: torch's profiler once lost most allocations of a step, and what
the step before has left to free begins below zero (seen: a peak of -0.5 weights, then 7.5)."""
BLOCK = 0.01
"""Seconds of successive calls in a round. In training a step follows itself and finds its numbers
in the caches; between other candidates it does not: 1000 matrices of 8×8 took 15.4 products one
step at a time, 12 in such rounds, and 11.1 with nothing between (measured)."""


@dataclass(frozen=True)
class Timing:
    """The median over `runs` rounds of the seconds of one call."""

    seconds: float
    runs: int


def interleaved(
    steps: Mapping[Name, Step],
    rounds: int,
    slow: float,
    device: torch.device = CPU,
    block: float = 0,
) -> dict[Name, Timing]:
    """Return the median time of each step; one slower than `slow` seconds is timed once.

    A round takes as many calls of a step in a row as last `block` seconds, and at least one. The
    first calls find out how many: they are the warm-up and never count.
    """
    calls = {name: calls_lasting(block, step, device) for name, step in steps.items()}
    times: dict[Name, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            if not times[name] or times[name][0] <= slow:
                times[name].append(timed(step, device, calls[name]))
    return {name: Timing(statistics.median(found), len(found)) for name, found in times.items()}


def calls_lasting(block: float, step: Step, device: torch.device) -> int:
    """Return the least power of two of calls that last `block` seconds.

    Not counting the first: of a compiled step it is the compilation.
    """
    step()
    calls = 1
    while block and calls * timed(step, device, calls) < block:
        calls *= 2
    return calls


def timed(step: Step, device: torch.device = CPU, calls: int = 1) -> float:
    """Seconds of one of `calls` calls in a row; on CUDA by events on the stream, not the queue."""
    if device.type != "cuda":
        began = time.process_time()
        for _ in range(calls):
            step()
        return (time.process_time() - began) / calls
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    for _ in range(calls):
        step()
    last.record()
    synchronize(device)
    return first.elapsed_time(last) / 1e3 / calls  # it is in milliseconds


def peak_bytes(step: Step, device: torch.device = CPU) -> int:
    """Bytes that one call allocates at its peak, beyond what was there before it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        return torch.cuda.max_memory_allocated(device) - before
    return max(_profiled_peak(step) for _ in range(PROFILES))


def _profiled_peak(step: Step) -> int:
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler announces every start and stop
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        step()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"  # the public form of the profiler's memory events
        found.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    changes = sorted((e for e in events if e.get("name") == "[memory]"), key=lambda e: e["ts"])
    held = itertools.accumulate(e["args"]["Bytes"] for e in changes)
    return max(held, default=0)
