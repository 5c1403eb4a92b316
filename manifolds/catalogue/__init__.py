"""The manifolds, each one file."""
