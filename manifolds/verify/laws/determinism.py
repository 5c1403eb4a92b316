"""Laws of repetition: same input, same bits; batches are their elements; nobody's data changes."""

import itertools
import pickle
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.law import FAILURES, Finding, Law, failure
from manifolds.verify.subject import Subject, parameters_of, relative_error, worst

SEED = 0
SEVERAL = (2, 3)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two tensors, or tuples of tensors, are equal bit by bit, NaN included."""
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same_bits, a, b))
    return torch.equal(a.nan_to_num(), b.nan_to_num()) and torch.equal(a.isnan(), b.isnan())


def global_state() -> tuple:
    """The state of every global generator, comparable."""
    torch_states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
    return (
        random.getstate(),
        pickle.dumps(numpy.random.get_state()),
        [s.tolist() for s in torch_states],
    )


def complaint_about_repetition(call: Callable[[], Any], *inputs: Tensor) -> str | None:
    """Twice the same bits, no global random number drawn, no input written to."""
    before, state = [x.clone() for x in inputs], global_state()
    first, second = call(), call()
    if global_state() != state:
        return "a global random state moved"
    if not all(map(same_bits, before, inputs)):
        return "an input was written to"
    return None if same_bits(first, second) else "two calls differ"


def measure_determinism(subject: Subject) -> Iterator[Finding]:
    """right_inverse on fresh manifolds, forward, project; random_point with a generator."""
    x = subject.random("point")
    manifold = subject.make()
    p = subject.noisy(parameters_of(manifold, x))
    noise = subject.noise(x)
    calls: dict[str, tuple[Callable[[], Any], tuple[Tensor, ...]]] = {
        "right_inverse": (lambda: parameters_of(subject.make(), x), (x,)),
        "forward": (lambda: manifold(*p), p),
        "project": (lambda: manifold.project(noise), (noise,)),
        "violation": (lambda: manifold.violation(noise), (noise,)),
        "random_point": (lambda: _seeded_point(subject), ()),
    }
    for name, (call, inputs) in calls.items():
        yield failure(name, complaint_about_repetition(call, *inputs))


def _seeded_point(subject: Subject) -> Tensor:
    generator = torch.Generator(subject.device).manual_seed(SEED)
    return subject.make().random_point(
        *subject.batch, generator=generator, dtype=subject.dtype, device=subject.device
    )


def measure_batches(subject: Subject) -> Iterator[Finding]:
    """A batch is its elements; an empty batch is empty; strides do not matter."""
    manifold, dims = subject.make(), len(subject.size)
    limit = subject.limit(manifold)
    x = subject.random("batch", batch=SEVERAL)
    noise = subject.noise(x[0, 0])
    moved = [p + _like(p.shape[2:], noise) for p in parameters_of(manifold, x)]
    together = manifold(*moved)
    one = []
    for i, j in itertools.product(*map(range, SEVERAL)):
        single = subject.make()
        parameters_of(single, x[i, j])
        remember_element(single, manifold, (i, j))
        one.append(single(*(p[i, j] for p in moved)))
    apart = torch.stack(one).reshape(x.shape)
    error = worst(relative_error(together, apart, dims)) / subject.eps
    yield Finding("batch against elements", error, limit)
    strided = x.transpose(0, -1).contiguous().transpose(0, -1)
    error = worst(relative_error(manifold(*parameters_of(manifold, strided)), x, dims))
    yield Finding("not contiguous", error / subject.eps, limit)
    yield from _about_empty_batches(subject, x[:0])


def remember_element(single: Manifold, several: Manifold, index: tuple[int, int]) -> None:
    """Let `single`, which has remembered one point, remember what `several` has of one element.

    Its own may differ: LAPACK's bases of repeated eigenvalues depend on where a matrix lies in
    memory (measured: 78 % of second elements of a batch had other bits than alone).
    """
    theirs = dict(several.named_buffers())
    for name, buffer in single.named_buffers():
        value = theirs[name]
        buffer.copy_(value[index] if value.ndim > buffer.ndim else value)


def _about_empty_batches(subject: Subject, x: Tensor) -> Iterator[Finding]:
    manifold = subject.make()
    shapes = {
        "forward of right_inverse": manifold(*parameters_of(manifold, x)).shape,
        "project": manifold.project(x).shape,
        "violation": (*manifold.violation(x).shape, *subject.size),
        "random_point": manifold.random_point(*x.shape[:2], device=subject.device).shape,
    }
    for name, shape in shapes.items():
        yield Finding(f"empty batch, {name}", 0.0 if shape == x.shape else torch.inf)


def _like(shape: torch.Size, noise: Tensor) -> Tensor:
    """The first numbers of the noise, repeated, in the shape of one element's parameters."""
    count = shape.numel()
    return noise.flatten().repeat(count // max(noise.numel(), 1) + 1)[:count].reshape(shape)


LAWS = (
    Law(
        "determinism",
        "same input, same bits; no global random state, no input changes",
        measure_determinism,
        unit=FAILURES,
        takes_empty=True,
    ),
    Law(
        "batches",
        "a batch is its elements, an empty one is empty",
        measure_batches,
        takes_batch=False,
        costly=True,
    ),
)
