"""``python -m jobs.evaluate``."""

import sys

from jobs.evaluate.stage import report
from jobs.stage import main

sys.exit(main("report", report))
