"""The tables: what they are (catalog), and how they are read and written."""
