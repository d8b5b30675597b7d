"""Platt scaling: a slope and an intercept that make logits honest probabilities."""

import numpy as np

from models.arrays import Floats32

N_STEPS = 50
# Weak pull towards slope 1 and intercept 0, in plays: a handful of plays says nothing of calibration.
PRIOR = 20.0


def platt(logits: Floats32, liked: Floats32) -> tuple[float, float]:
    """Fit the logistic regression of ``liked`` on ``logits`` (Platt 1999) by Newton: slope, intercept.

    A slope of 0 or below, from a network that ranks the wrong way round on these plays, becomes 0.
    """
    x = np.stack([logits.astype(np.float64), np.ones(len(logits))], axis=1)
    prior = np.diag([PRIOR, PRIOR]) / 4
    start = beta = np.array([1.0, 0.0])
    for _ in range(N_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (p - liked) + prior @ (beta - start)
        step = np.linalg.solve((x.T * (p * (1 - p))) @ x + prior, gradient)
        beta = beta - step
        if np.abs(step).max() < 1e-10:
            break
    return max(float(beta[0]), 0.0), float(beta[1])
