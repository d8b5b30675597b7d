"""``python -m jobs.train``."""

import sys

from jobs.stage import main
from jobs.train.stage import train_content

sys.exit(main("train_content", train_content))
