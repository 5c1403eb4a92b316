"""Figures from the logs of the experiments. Nothing here trains or computes a result.

`python -m paper_figures` draws every figure; `python -m paper_figures violation` draws one.
"""
