"""The gate before anything is made of the night's logs."""
