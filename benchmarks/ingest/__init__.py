"""Ingestion against the least that Spark could do with the same files."""
