"""The lines of the catalogue, one file per family; a new manifold is one line here."""
