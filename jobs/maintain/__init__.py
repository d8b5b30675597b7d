"""Optimize, vacuum, forget a listener."""
