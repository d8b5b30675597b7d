"""``python -m tests.e2e.one_night 2026-06-28``: one whole night with the settings of the environment."""

import sys
from datetime import date

from jobs.settings import load_settings
from tests.e2e.nights import House

if __name__ == "__main__":
    House(load_settings()).run(date.fromisoformat(sys.argv[1]))
