"""Listens and feedback to ratings and taste profiles."""
