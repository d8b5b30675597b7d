"""A synthetic town of listeners."""
