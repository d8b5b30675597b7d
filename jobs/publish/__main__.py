"""``python -m jobs.publish``."""

import sys

from jobs.publish.stage import publish
from jobs.stage import main

sys.exit(main("publish", publish))
