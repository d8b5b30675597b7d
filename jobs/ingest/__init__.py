"""Landing files to tables."""
