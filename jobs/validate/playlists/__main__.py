"""``python -m jobs.validate.playlists``."""

import sys

from jobs.stage import main
from jobs.validate.playlists.stage import gate_playlists

sys.exit(main("gate_playlists", gate_playlists))
