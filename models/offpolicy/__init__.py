"""What lists of another rule would have earned, from logged lists and what became of them."""
