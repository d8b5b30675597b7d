"""Simple recommenders that the nightly lists are held against: what is fitted on a night's plays, and
nothing else, scores tracks for listeners."""
