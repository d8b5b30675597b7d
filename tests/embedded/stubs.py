"""Stages that do nothing but leave a summary, hang, or fail: what runs stages is tested with them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jobs.stages import REPORT, STAGES, StageSpec

BODY = """
import json, os, pathlib, sys, time
as_of = sys.argv[sys.argv.index("--window-start") + 1]
{does}
key = pathlib.Path(os.environ["NOCTURNE__STORE__ROOT"], "ledger", as_of, "{name}.json")
key.parent.mkdir(parents=True, exist_ok=True)
counts = dict(rows_in=1200, rows_out=1190, rows_rejected=10, table_versions={{}}, details={{}})
said = dict(stage="{name}", window_start=as_of, window_end=as_of, seconds=0, peak_memory_mb=0)
key.write_text(json.dumps(counts | said | dict(force=None, error=None)))
"""
FAILS = 'print("17 of 20 rows are bad"); sys.exit(65)'
HANGS = "time.sleep(600)"


def stub_stages(
    folder: Path, does: Mapping[str, str] | None = None
) -> tuple[tuple[StageSpec, ...], StageSpec]:
    """Write a package of stub stages; returns the stages and the report that name its modules."""
    package = folder / "stubs"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for spec in (*STAGES, REPORT):
        text = BODY.format(name=spec.name, does=(does or {}).get(spec.name, "pass"))
        (package / f"{spec.name}.py").write_text(text)
    return tuple(map(_stub, STAGES)), _stub(REPORT)


def _stub(spec: StageSpec) -> StageSpec:
    return replace(spec, module=f"stubs.{spec.name}", spark=False)
