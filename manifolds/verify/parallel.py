"""Measure a plan in this process or in several, rows in the order of the plan."""

import multiprocessing
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import torch

from manifolds.verify.measure import Row, measure
from manifolds.verify.selection import Check, Plan

CHUNK = 8
"""Checks sent to a process at a time: cheap ones cost less than the trip."""


@contextmanager
def measured(planned: Plan, workers: int) -> Iterator[Iterator[Row]]:
    """The rows, lazily; processes that still run are abandoned on leaving."""
    if workers == 1:
        yield map(row, planned.checks)
        return
    context = multiprocessing.get_context("spawn")  # a forked torch with threads may hang
    with ProcessPoolExecutor(workers, context, initializer=start) as pool:
        try:
            yield pool.map(row, planned.checks, chunksize=CHUNK)
        finally:
            pool.shutdown(cancel_futures=True)


def start() -> None:
    """One thread per process: the matrices are small."""
    torch.set_num_threads(1)


def row(check: Check) -> Row:
    """Measure one check; a law that is about warnings looks for them itself."""
    law, subject = check
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measure(law, subject)
