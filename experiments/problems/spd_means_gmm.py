"""Positive definite matrices: the geometric mean of two, and Gaussian mixtures.

- `mean`: min Σ_i ‖log(A_i^(-1/2) X A_i^(-1/2))‖² over X ≻ 0, half of which are squared geodesic
  distances; for two matrices the minimum is A#B = A^(1/2) (A^(-1/2) B A^(-1/2))^(1/2) A^(1/2)
  (Bhatia & Holbrook 2006; Moakher 2005). The gap is ‖X - A#B‖ / ‖A#B‖.
- `gmm`: the mixture of K Gaussians of largest likelihood, each Gaussian one positive definite
  S = [1 μᵀ; μ Σ + μμᵀ] with density e^(1/2) N((1, x); 0, S) (Hosseini & Sra 2015, NeurIPS, theorem
  1), the weights on the simplex. The gap is what the mean log-likelihood misses of expectation
  maximization's (scikit-learn, from the same start, to convergence); below zero it is above.

The order (1, x) matters to us: the Cholesky factor of S is then [1 0; μ chol Σ], so log-Cholesky
parameters are the mean and the scale. In the order (x, 1) of the paper L-BFGS was at -4.08 after
200 steps where it now is at EM's -3.9947 after 50.

Claim: A#B to 1e-6; log-likelihood at least EM's less 1e-3. Other starts may have other maxima.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas
import torch
from torch import Tensor, nn

import manifolds
from experiments.methods import Method
from experiments.methods.arms import geoopt, named, ours, solvers
from experiments.methods.method import weight_of
from experiments.methods.ours import on
from experiments.methods.pymanopt import pymanopt_on
from experiments.runner.claims import at_most, of_ours
from experiments.runner.experiment import (
    Claim,
    Context,
    Settings,
    last,
    worst,
)
from experiments.runner.known_optimum import Problem, of_known_optimum, optimization
from experiments.runner.measure import dtype_of
from experiments.runner.trial import Trial

LARGEST_GAP = {"mean": 1e-6, "gmm": 1e-3}
GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOST_ITERATIONS = 300  # of pymanopt's solvers, which run whole; those beyond `steps` are not shown
SEPARATION = 3.0  # standard deviation of the clusters' means, whose own are between 0.5 and 1


@dataclass(frozen=True)
class Gaussians(Settings):
    """Size of the matrices, and number of points and of clusters of the mixture."""

    steps: int = 100
    seeds: tuple[int, ...] = (0, 1, 2)
    size: int = 3
    points: int = 600
    clusters: int = 3


def geometric_mean(a: Tensor, b: Tensor) -> Tensor:
    """A#B = A^(1/2) (A^(-1/2) B A^(-1/2))^(1/2) A^(1/2)."""
    root = power(a, 0.5)
    inverse = power(a, -0.5)
    return root @ power(inverse @ b @ inverse, 0.5) @ root


def power(a: Tensor, exponent: float) -> Tensor:
    """Return A^p for A ≻ 0."""
    values, v = torch.linalg.eigh(a)
    return (v * values**exponent) @ v.mT


def mean(settings: Gaussians, generator: torch.Generator) -> Problem:
    """Draw A and B; begin at their arithmetic mean."""
    manifold = manifolds.PositiveDefinite(settings.size, settings.size)
    a = manifold.random_point(2, generator=generator, dtype=torch.float64)
    whitening = torch.linalg.inv(torch.linalg.cholesky(a))
    best = geometric_mean(*a)

    def loss(x: Tensor) -> Tensor:
        return torch.linalg.eigvalsh(whitening @ x @ whitening.mT).log().square().sum()

    return Problem(loss, lambda x: torch.dist(x, best) / best.norm(), a.mean(0), manifold)


def mixture(k: int, d: int) -> manifolds.Joined:
    """Return the simplex of weights and K positive definite matrices, as one vector."""
    each = manifolds.Power(manifolds.PositiveDefinite(d + 1, d + 1), k)
    return manifolds.Joined(manifolds.Product(manifolds.Simplex(k), each))


def log_likelihood(v: Tensor, x: Tensor, k: int) -> Tensor:
    """Return the mean over x (N, d) of log Σ_k w_k N(x; μ_k, Σ_k), S_k as in the module's text."""
    d = x.shape[-1]
    y = torch.cat([torch.ones_like(x[:, :1]), x], -1)
    l = torch.linalg.cholesky(v[k:].reshape(k, d + 1, d + 1))
    z = torch.linalg.solve_triangular(l, y.mT.expand(k, -1, -1), upper=False)
    log_det = 2 * l.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    constant = v[:k].log() - log_det / 2 - d / 2 * math.log(2 * math.pi) + 1 / 2
    return torch.logsumexp(constant[:, None] - z.square().sum(-2) / 2, 0).mean()


def joined(weights: Tensor, means: Tensor, covariances: Tensor) -> Tensor:
    """Return the point of a mixture: (K,), (K, d), (K, d, d) -> (K + K (d + 1)²,)."""
    ones = torch.ones_like(means[:, :1])
    first = torch.cat([ones, means], -1)
    second = covariances + means[..., None] * means[:, None]
    rest = torch.cat([means[..., None], second], -1)
    return torch.cat([weights, torch.cat([first[:, None], rest], 1).flatten()])


def gmm(settings: Gaussians, generator: torch.Generator) -> Problem:
    """Draw clusters; begin at k-means++, as Hosseini & Sra do, with the covariance of all."""
    # scikit-learn takes a second to import, and every other command would wait for it
    from sklearn.cluster import kmeans_plusplus  # noqa: PLC0415  # see above

    k, d, count = settings.clusters, settings.size, settings.points
    centres = SEPARATION * torch.randn(k, d, generator=generator, dtype=torch.float64)
    scales = 0.5 + torch.rand(k, d, generator=generator, dtype=torch.float64) / 2
    label = torch.randint(k, (count,), generator=generator)
    noise = torch.randn(count, d, generator=generator, dtype=torch.float64)
    x = centres[label] + scales[label] * noise
    weights = torch.full((k,), 1 / k, dtype=torch.float64)
    seed = int(torch.randint(2**31, (), generator=generator))
    means = torch.from_numpy(kmeans_plusplus(x.numpy(), k, random_state=seed)[0])
    covariance = torch.cov(x.mT, correction=0)
    best = expectation_maximization(x, weights, means, covariance)
    start = joined(weights, means, covariance.expand(k, d, d))
    return Problem(
        lambda v: -log_likelihood(v, x.to(v), k),
        lambda v: best - log_likelihood(v, x.to(v), k),
        start,
        mixture(k, d),
    )


def expectation_maximization(x: Tensor, weights: Tensor, means: Tensor, cov: Tensor) -> float:
    """Return the mean log-likelihood at which scikit-learn's EM converges from this start."""
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415  # takes a second to import

    k = len(weights)
    precisions = torch.linalg.inv(cov).expand(k, *cov.shape).numpy()
    start = {"weights_init": weights.numpy(), "means_init": means.numpy()}
    exact = {"reg_covar": 0.0, "tol": 1e-10, "max_iter": 10_000}
    model = GaussianMixture(k, precisions_init=precisions, **start, **exact)
    return float(model.fit(x.numpy()).score(x.numpy()))


def trial(settings: Gaussians, method: Method, context: Context) -> Trial:
    """Return one row per iterate of the problem that the method's name begins with."""
    name = method.name.partition("-")[0]
    task = {"mean": mean, "gmm": gmm}[name](settings, context.generator())
    start = task.start.to(context.device, context.dtype)
    return optimization(replace(task, start=start), settings, method, context)


def claims(settings: Gaussians, frame: pandas.DataFrame) -> list[Claim]:
    """L-BFGS finds the mean and a likelihood as large as EM's, on the manifold."""
    size = max(settings.size, settings.clusters) + 1
    feasible = at_most("violation", worst("violation"), manifolds.tolerance(size, dtype_of(frame)))
    return [
        claim
        for name, bound in LARGEST_GAP.items()
        for claim in of_ours(
            frame[frame.method == f"{name}-lbfgs"],
            "A#B" if name == "mean" else "as likely as EM",
            at_most("gap", last("gap"), bound),
            feasible,
        )
    ]


def mixed(module: nn.Module) -> nn.Module:
    """Constrain `module.weight` to `mixture(K, d)`, K and d read off the point that it is."""
    v = weight_of(module)
    return manifolds.constrain(module, "weight", mixture(*sizes(v.detach())))


def sizes(v: Tensor) -> tuple[int, int]:
    """Return K and d of a point: the first K entries sum to 1, and K (1 + (d + 1)²) are all."""
    candidates = (
        (k, math.isqrt(len(v) // k - 1) - 1)
        for k in range(1, len(v))
        if len(v) % k == 0 and math.isqrt(len(v) // k - 1) ** 2 == len(v) // k - 1
    )
    return min(candidates, key=lambda kd: abs(v[: kd[0]].sum().item() - 1))


METHODS = {
    **named(
        *ours(on(manifolds.PositiveDefinite)),
        *geoopt("SymmetricPositiveDefinite"),
        *solvers(
            lambda solver: pymanopt_on(
                lambda sets, x: sets.SymmetricPositiveDefinite(len(x)), solver, MOST_ITERATIONS
            )
        ),
        prefix="mean-",
    ),
    **named(*ours(mixed), prefix="gmm-"),
}

EXPERIMENT = of_known_optimum(
    name="spd_means_gmm",
    summary="geometric mean of two positive definite matrices, and Gaussian mixtures against EM",
    source="Hosseini & Sra 2015 (NeurIPS); Moakher 2005 (SIAM J. Matrix Anal. Appl.)",
    presets={
        "quick": Gaussians(),
        "paper": Gaussians(steps=1000, seeds=tuple(range(10)), size=20, points=20_000, clusters=5),
    },
    methods=METHODS,
    trial=trial,
    claims=claims,
    grid=GRID,
)
