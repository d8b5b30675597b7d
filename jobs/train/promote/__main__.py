"""``python -m jobs.train.promote``."""

import sys

from jobs.stage import main
from jobs.train.promote.stage import promote_models

sys.exit(main("promote_models", promote_models))
