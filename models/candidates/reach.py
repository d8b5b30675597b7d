"""Whom a track suits most: tracks choose listeners, as listeners choose tracks.

Lists of what each listener will most surely play hold what many play; the rest of the catalog is in
none, though each track has somebody who is likelier to play it than anybody else. Users recommended to
items reach more items at little cost in accuracy (Vargas and Castells 2014).
"""

import numpy as np

from models.arrays import Floats, Ints


def claims(listener: Ints, track: Ints, scores: Floats) -> Floats:
    """Return each pair's claim: 1 / the listener's place among all to whom the track was proposed, the
    greatest score first, ties by listener; so 1, 1/2, 1/3, ..., of each track."""
    order = np.lexsort((listener, -scores, track))
    ordered = track[order]
    found = np.empty(len(track))
    found[order] = 1 / (1 + np.arange(len(track)) - np.searchsorted(ordered, ordered))
    return found
