"""Functions with derivatives of their own, as torch's transforms and compiler are to see them."""
