"""One adapter a log format."""
