"""``python -m jobs.validate.inputs``."""

import sys

from jobs.stage import main
from jobs.validate.inputs.stage import gate_inputs

sys.exit(main("gate_inputs", gate_inputs))
