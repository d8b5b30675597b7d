"""The one application file given to spark-submit: ``submit.py <stage> --window-start …``."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run ``jobs.<stage>`` as a module, with the rest of the arguments."""
    # spark-submit puts this file's folder first on the path, where its modules could shadow others.
    sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).parent]
    stage = sys.argv.pop(1)
    runpy.run_module(f"jobs.{stage}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
