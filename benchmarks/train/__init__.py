"""How good the nightly network is, and what training costs."""
