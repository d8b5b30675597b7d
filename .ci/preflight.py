"""Say in one sentence what this machine lacks, before anything is installed."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit(
        f"Nocturne needs Python 3.11, 3.12 or 3.13 and this is {found}: "
        "install one and say make PYTHON=python3.11 …"
    )
