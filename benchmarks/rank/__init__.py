"""The ranker on data that make_landing.py did not make, and what ranking costs as a house grows."""
