"""What is said when a night goes wrong: one line on the logger ``nocturne.alerts``, for any handler."""

import logging
from collections.abc import Mapping
from typing import Any

log = logging.getLogger("nocturne.alerts")


def alert_task(context: Mapping[str, Any]) -> None:
    """Log that a task has failed for good."""
    task = context["task_instance"]
    log.error("%s of run %s failed: %s", task.task_id, task.run_id, context.get("exception"))


def alert_dag(context: Mapping[str, Any]) -> None:
    """Log that a run has failed. A killed task logs nothing itself, so this is the line to rely on."""
    log.error(
        "run %s failed: %s; the last published playlists stay up",
        context["run_id"],
        context.get("reason"),
    )
