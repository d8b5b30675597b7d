"""What came of earlier nights, and the night report."""
