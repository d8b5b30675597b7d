"""How good lists of recommendations are: accuracy, breadth, intervals and slices, from arrays alone."""
