"""``python -m jobs.ingest --window-start … --window-end …``"""

import sys

from jobs.ingest.stage import ingest_landing
from jobs.stage import main

if __name__ == "__main__":
    sys.exit(main("ingest", ingest_landing))
