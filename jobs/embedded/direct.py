"""One night without Airflow: the same modules with the same argv, each a process of its own."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jobs.embedded.processes import end, start, uninterrupted
from jobs.embedded.progress import Progress, StageEnd, stage_number
from jobs.embedded.status import marked
from jobs.errors import UsageError
from jobs.stage import Night, summary_key
from jobs.stage_record import read_record
from jobs.stages import REPORT, STAGES, StageSpec, stage_command, window_argv

N_LAST_LINES = 15
POLL_SECONDS = 0.1


def stages_from(name: str | None) -> tuple[StageSpec, ...]:
    """Return the stage and all that follow from it; every stage without a name."""
    if name is None:
        return STAGES
    chosen = {name}
    for spec in STAGES:
        if chosen.intersection(spec.after):
            chosen.add(spec.name)
    if name not in {spec.name for spec in STAGES}:
        names = ", ".join(spec.name for spec in STAGES)
        raise UsageError(f"{name!r} is not a stage: choose one of {names}")
    return tuple(spec for spec in STAGES if spec.name in chosen)


@dataclass
class DirectNight:
    """The stages of one night: which run, and which have ended with which exit code."""

    night: Night
    environment: Mapping[str, str]
    progress: Progress
    parallel: int = 2
    running: dict[str, tuple[subprocess.Popen[bytes], float]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def run(self, stages: Sequence[StageSpec], report: StageSpec = REPORT) -> int:
        """Run the stages, then the report in any case; returns the first exit code that is not 0."""
        try:
            with marked(self.night.settings, str(self.night.window.as_of)):
                self._run_all(stages)
                self._run_all([replace(report, after=())])
        finally:
            with uninterrupted():
                end([process.pid for process, _ in self.running.values()])
                self.progress.close()
        return next((code for code in self.ended.values() if code), 0)

    def _run_all(self, stages: Sequence[StageSpec]) -> None:
        chosen = {spec.name for spec in stages}
        waiting = list(stages)
        while waiting or self.running:
            ready = [spec for spec in waiting if self._ready(spec, chosen)]
            for spec in ready[: self.parallel - len(self.running)]:
                waiting.remove(spec)
                self._start(spec)
            if not self.running:
                return  # what still waits follows a failed stage
            self._collect()

    def _ready(self, spec: StageSpec, chosen: set[str]) -> bool:
        return all(self.ended.get(name) == 0 for name in spec.after if name in chosen)

    def log_file(self, stage: str) -> Path:
        """Return where the stage's output goes."""
        return Path(self.night.settings.home, "logs", str(self.night.window.as_of), f"{stage}.log")

    def _start(self, spec: StageSpec) -> None:
        argv = window_argv(self.night.window, self.night.force)
        self.log_file(spec.name).unlink(missing_ok=True)
        command = stage_command(spec.module, argv, self.environment)
        process = start(command, self.log_file(spec.name), self.environment)
        self.running[spec.name] = (process, time.monotonic())

    def _collect(self) -> None:
        time.sleep(POLL_SECONDS)
        stages = ", ".join(f"{stage_number(name)} {name}" for name in self.running)
        log = self.log_file(next(iter(self.running)))
        self.progress.now(f"{self.night.window.as_of} {stages}", log)
        for name, (process, began) in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            del self.running[name]
            self.ended[name] = code
            self._report(name, code, time.monotonic() - began)

    def _report(self, name: str, code: int, seconds: float) -> None:
        state = "failed" if code else "success"
        record = None if code else read_record(self.night.store, summary_key(self.night, name))
        summary = dict(record) if record else {}
        self.progress.ended(StageEnd(self.night.window.as_of, name, state, seconds, summary))
        if code:
            lines = self.log_file(name).read_text(errors="replace").splitlines()
            self.progress.say("\n".join(f"    {line}" for line in lines[-N_LAST_LINES:]))
            self.progress.say(f"    (exit code {code}; all of it: {self.log_file(name)})")
