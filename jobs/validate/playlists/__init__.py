"""The gate before anything is published."""
