"""How the simulated town looks beside real logs."""
