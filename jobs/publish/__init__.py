"""Playlists to objects."""
