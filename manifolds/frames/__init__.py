"""Orthonormal frames X = f(B, P) about a base B, each f with its derivative: what maps compute."""
