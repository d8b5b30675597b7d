"""Candidates of a night, ranked by how likely each is to be played: table ``candidates``."""
