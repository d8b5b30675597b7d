"""The listener-conditioned network: a track's 13 features and a listener's tastes -> P(like)."""
