"""Candidates to playlists."""
