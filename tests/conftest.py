"""Tests share the cores; those marked `gpu` need a CUDA device, and are skipped without one."""

import os

import pytest
import torch

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def pytest_configure():
    """Give each of several workers its part of the cores, and the processes it starts.

    OpenMP's threads wait for each other by spinning: with two workers of two threads each on two
    cores, steps on 130×130 frames took ten times as long (measured).
    """
    if WORKERS > 1:
        threads = max(1, (os.cpu_count() or 1) // WORKERS)
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        torch.set_num_threads(threads)


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
