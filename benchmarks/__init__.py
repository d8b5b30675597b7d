"""Measurements; each folder has one command that prints a Markdown table."""
