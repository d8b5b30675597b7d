"""What publishing costs."""
