"""Tables to model versions."""
