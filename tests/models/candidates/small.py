"""Five listeners and eight tracks by four artists, small enough to score by hand.

Artist 0 has t0, t1, t2; artist 1 t3, t4; artist 2 t5, t6 (with artist 0 as a guest on t6); t7 names
none. t2 came yesterday, t4 is not in the catalog yet, the others are 30 days old.
"""

import numpy as np
from scipy.sparse import csr_matrix

from models.candidates.facts import Facts
from models.ranking.lists import Credits

#                 t0 t1 t2 t3 t4 t5 t6 t7
PLAYS = np.array([[2, 0, 0, 1, 0, 0, 0, 0],
                  [1, 3, 0, 0, 0, 0, 0, 0],
                  [0, 0, 0, 1, 0, 2, 0, 1],
                  [1, 1, 0, 0, 0, 0, 1, 0],
                  [0, 0, 0, 0, 0, 0, 0, 0]])  # fmt: skip
SKIPS = np.zeros_like(PLAYS)
SKIPS[0, 5] = 1
HEARD = PLAYS + SKIPS
AGE = np.array([30.0, 30, 1, 30, np.nan, 30, 30, 30])
CREDITS = Credits(np.array([0, 1, 2, 3, 4, 5, 6, 8, 8]), np.array([0, 0, 0, 1, 1, 2, 2, 0]))


def matrix(rows):
    return csr_matrix(np.asarray(rows, np.float32))


def facts(**changes):
    known = {"plays": matrix(PLAYS), "decayed": matrix(PLAYS / 2), "skips": matrix(SKIPS)}
    return Facts(**known | {"heard": matrix(HEARD), "credits": CREDITS, "age_days": AGE} | changes)
