"""A law of chance: `random_point` has the distribution of an independent sampler."""

from collections.abc import Iterator

import torch
from torch import Tensor

from manifolds.verify.flat import real_vector
from manifolds.verify.law import STANDARD_ERRORS, Finding, Law, Reach
from manifolds.verify.limits import STANDARD_ERRORS as LIMIT
from manifolds.verify.subject import Subject

COUNT = 4096
"""A mean off by 0.13 standard deviations is found: 6 standard errors of a difference, √(2/4096)."""
DIRECTIONS = 4
"""Random projections see what moments of single entries do not: how entries go together."""
SEED = 0
MOMENTS = (1, 2, 4)
"""Place, scale and tails; third moments vanish on most sets."""


def standardized_difference(a: Tensor, b: Tensor) -> Tensor:
    """|mean a - mean b| in standard errors, columns apart; (m, d), (m, d) -> (d,).

    Where there is no chance (a constant, an entry that is 0) a standard error is that of rounding,
    which says nothing: means that agree to √eps of their column, or to eps of the largest, agree.
    """
    error = torch.sqrt((a.var(0) + b.var(0)) / len(a))
    difference = (a.mean(0) - b.mean(0)).abs()
    eps, size = torch.finfo(a.dtype).eps, a.abs().mean(0)
    rounding = torch.maximum(eps**0.5 * size, eps * size.max())
    return torch.where(difference <= rounding, 0, difference / error)


def measure_sampler(subject: Subject) -> Iterator[Finding]:
    """Moments of the entries and of random projections of the two samples."""
    generator = torch.Generator(subject.device).manual_seed(SEED)
    ours = subject.make().random_point(
        COUNT, generator=generator, dtype=subject.dtype, device=subject.device
    )
    theirs = subject.random("sampler", batch=(COUNT,))
    a, b = (torch.stack([real_vector((x,)) for x in sample]) for sample in (ours, theirs))
    projected = subject.noise(a[0].expand(DIRECTIONS, -1), "directions").mT
    a, b = (torch.cat([x, x @ projected], dim=-1) for x in (a, b))
    for moment in MOMENTS:
        error = standardized_difference(a**moment, b**moment).max().item()
        yield Finding(f"moment {moment}", error, LIMIT)


LAWS = (
    Law(
        "sampler",
        "random_point has the moments of an independent sampler",
        measure_sampler,
        unit=STANDARD_ERRORS,
        double_only=True,
        takes_batch=False,
        reach=Reach.ENTRY,
        needs_source=True,
    ),
)
