"""python -m manifolds.verify."""

from manifolds.verify.command_line import app

app(prog_name="python -m manifolds.verify")
