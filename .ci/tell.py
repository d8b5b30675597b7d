"""``tell.py WHAT COMMAND…``: run a command, and say every few seconds that it still runs."""

import subprocess
import sys
import time

EVERY_SECONDS = 8

began = time.monotonic()
process = subprocess.Popen(sys.argv[2:])
while True:
    try:
        sys.exit(process.wait(EVERY_SECONDS))
    except subprocess.TimeoutExpired:
        print(f"… {sys.argv[1]} ({time.monotonic() - began:.0f} s)", flush=True)
    except KeyboardInterrupt:
        process.wait()
        sys.exit(130)
