"""The methods that stand side by side. A new one is a function and one line in `METHODS`."""

from experiments.methods.infeasible import INFEASIBLE
from experiments.methods.method import Family, Loss, Method
from experiments.methods.ours import OURS
from experiments.methods.peers import PEERS

METHODS: dict[str, Method] = {method.name: method for method in (*OURS, *PEERS, *INFEASIBLE)}

__all__ = ["METHODS", "Family", "Loss", "Method"]
