"""Ratings of films by people, some seen and some to be predicted: r_ui = μ + b_u + b_i + X_ui.

The baseline is that of Koren 2010 (Factor in the neighbors, ACM TKDD 4, section 2.1), with the
paper's constants: b_i is the sum of r - μ over an item's seen ratings divided by 25 + their number,
b_u that of r - μ - b_i over a user's, divided by 10 + theirs. X has low rank, and

    f(X) = (‖P_Ω(X - E)‖² + λ ‖X‖²) / |Ω|,

E what the baseline leaves of the seen ratings Ω; without λ a rank of 5 fits their noise. Rank and
λ were chosen, of three ranks and three λ, on the fold of seed 1000: of another shuffle than those
reported, but of the same ratings.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.data import movielens
from experiments.data.low_rank import truncated
from experiments.runner.experiment import Context

FOLDS = 5
RANK = 5
DAMPING = 0.2  # λ, in squared stars
ITEM_SHRINKAGE, USER_SHRINKAGE = 25, 10
SHAPE = (movielens.PEOPLE, movielens.FILMS)


@dataclass(frozen=True)
class Fold:
    """Places in the rows of X, one after the other, and what the baseline leaves there.

    seen, unseen: places (m,); entries: of E on the seen ones; expected, ratings: baseline and truth
    on the unseen ones.
    """

    seen: Tensor
    entries: Tensor
    unseen: Tensor
    expected: Tensor
    ratings: Tensor
    rank: int = RANK

    def loss(self, x: Tensor) -> Tensor:
        """(‖P_Ω(X - E)‖² + λ ‖X‖²) / |Ω|."""
        residual = x.flatten()[self.seen] - self.entries
        return (residual.square().sum() + DAMPING * x.square().sum()) / len(self.seen)

    def error(self, x: Tensor) -> float:
        """Return the root mean square error of the unseen ratings, in stars, cut to 1 ... 5."""
        found = (self.expected + x.flatten()[self.unseen]).clamp(1, 5)
        return (found - self.ratings).square().mean().sqrt().item()

    def start(self) -> Tensor:
        """Return the best approximation of rank r of P_Ω E."""
        filled = torch.zeros(SHAPE, dtype=self.entries.dtype, device=self.entries.device)
        filled.view(-1)[self.seen] = self.entries
        return truncated(filled, self.rank)


def fold(context: Context) -> Fold:
    """Return fold `seed mod 5` of a shuffle that five seeds share."""
    shuffle, number = divmod(context.seed, FOLDS)
    ratings = movielens.load()
    user, item, value = map(torch.from_numpy, (ratings.users, ratings.items, ratings.values))
    order = torch.randperm(len(value), generator=torch.Generator().manual_seed(shuffle))
    parts = list(order.chunk(FOLDS))
    test = parts.pop(number)
    train = torch.cat(parts)
    mean = value[train].mean()
    b_item = shrunk(item[train], value[train] - mean, SHAPE[1], ITEM_SHRINKAGE)
    left = value[train] - mean - b_item[item[train]]
    b_user = shrunk(user[train], left, SHAPE[0], USER_SHRINKAGE)
    expected, place = mean + b_user[user] + b_item[item], user * SHAPE[1] + item
    floats = (value[train] - expected[train], expected[test], value[test])
    entries, baseline, truth = (x.to(context.device, context.dtype) for x in floats)
    seen, unseen = place[train].to(context.device), place[test].to(context.device)
    return Fold(seen, entries, unseen, baseline, truth)


def shrunk(group: Tensor, values: Tensor, groups: int, shrinkage: float) -> Tensor:
    """Return Σ values / (shrinkage + number) of each group: (m,), (m,) -> (groups,)."""
    number = torch.bincount(group, minlength=groups)
    return torch.zeros(groups, dtype=values.dtype).index_add(0, group, values) / (
        shrinkage + number
    )
