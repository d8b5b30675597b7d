"""File formats: bytes to numbered records, whatever log they hold."""
