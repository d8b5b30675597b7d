"""``python -m jobs.rank``."""

import sys

from jobs.rank.stage import rank_candidates
from jobs.stage import main

sys.exit(main("rank_candidates", rank_candidates))
