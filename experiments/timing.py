"""One clock for the processor and for accelerators."""

import time

import torch


def synchronize(device: torch.device) -> float:
    """Seconds on a monotonic clock, once everything queued on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
