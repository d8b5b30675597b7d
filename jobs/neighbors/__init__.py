"""Ratings to neighbors."""
