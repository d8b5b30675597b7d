"""``python -m jobs.taste``."""

import sys

from jobs.stage import main
from jobs.taste.stage import build_taste

sys.exit(main("build_taste", build_taste))
