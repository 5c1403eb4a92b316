"""Laws that every manifold keeps, and the means to check them anywhere.

    python -m manifolds.verify                      # the catalogue, on this machine
    python -m manifolds.verify Orthogonal --device cuda
    manifolds.verify.check(MyManifold(5, 3))        # your own class

A law is a function from a manifold and a sample to a relative error; `manifolds.verify.laws` has
one small group per file.
"""

from manifolds.verify.check import check
from manifolds.verify.law import Finding, Law
from manifolds.verify.laws import LAWS
from manifolds.verify.measure import Row, measure
from manifolds.verify.report import Report, VerificationError

__all__ = ["LAWS", "Finding", "Law", "Report", "Row", "VerificationError", "check", "measure"]
