"""``python -m jobs.neighbors --window-start … --window-end …``."""

import sys

from jobs.neighbors.stage import find_neighbors
from jobs.stage import main

if __name__ == "__main__":
    sys.exit(main("find_neighbors", find_neighbors))
