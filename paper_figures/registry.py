"""Every figure by name. A new one is a function and one line here."""

from collections.abc import Callable

from matplotlib.figure import Figure

from paper_figures.completion import completion
from paper_figures.copying_memory import copying_memory
from paper_figures.data import Sources
from paper_figures.gap import gap
from paper_figures.hyper_connections import hyper_connections
from paper_figures.known_optima import known_optima
from paper_figures.rank_at_ties import rank_at_ties
from paper_figures.round_trip import round_trip
from paper_figures.scaling import scaling
from paper_figures.stable_dynamics import stable_dynamics
from paper_figures.stiefel_mlp import stiefel_mlp
from paper_figures.thomson import thomson
from paper_figures.violation import violation, violation_all

FIGURES: dict[str, Callable[[Sources], Figure]] = {
    "violation": violation,
    "violation_all": violation_all,
    "gap": gap,
    "stiefel_mlp": stiefel_mlp,
    "copying_memory": copying_memory,
    "hyper_connections": hyper_connections,
    "stable_dynamics": stable_dynamics,
    "round_trip": round_trip,
    "rank_at_ties": rank_at_ties,
    "scaling": scaling,
    "thomson": thomson,
    "completion": completion,
    "known_optima": known_optima,
}
