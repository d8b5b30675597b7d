"""Over which tracks two listeners are compared: one setting, for their correlation and what follows.

``co_rated``: those that both rated. ``all``: every track, an absent rating being a rating of 0.
"""

from typing import Literal

Support = Literal["co_rated", "all"]
