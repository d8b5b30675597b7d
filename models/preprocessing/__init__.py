"""Features of a song as inputs of a network."""
