"""``python -m jobs.recommend``."""

import sys

from jobs.recommend.stage import recommend
from jobs.stage import main

sys.exit(main("recommend", recommend))
