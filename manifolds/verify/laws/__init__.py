"""The laws, one small group per file."""

from manifolds.verify.law import Law
from manifolds.verify.laws import derivatives, jacobian, membership, training

LAWS: tuple[Law, ...] = (
    *membership.LAWS,
    *jacobian.LAWS,
    *derivatives.LAWS,
    *training.LAWS,
)

__all__ = ["LAWS"]
