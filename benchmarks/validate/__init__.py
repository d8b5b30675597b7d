"""Seconds of the input gate by the size of the night."""
