"""When there are runs: each data interval is a UTC day, for the night after it."""

from airflow.configuration import conf
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable


class Nights(CronDataIntervalTimetable):
    """A day each, from midnight to midnight UTC, to be run by itself or, where Airflow's option
    ``use_job_schedule`` is off (``nocturne up`` without ``--nightly``), by backfills and by hand alone.

    Airflow's own would then show a next run that never comes, and lies in the past by tomorrow.
    """

    def __init__(self) -> None:
        super().__init__("0 0 * * *", "UTC")
        if not runs_by_itself():
            self.description = "Only by hand and by backfill: nocturne up --nightly runs each night"

    @property
    def summary(self) -> str:
        """Say it in a few words, for the UI."""
        return super().summary if runs_by_itself() else "by hand"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next night. Backfills, which catch up, have each of theirs; else there is none
        where no run is made by itself."""
        if restriction.catchup or runs_by_itself():
            return super().next_dagrun_info(
                last_automated_data_interval=last_automated_data_interval, restriction=restriction
            )
        return None

    def serialize(self) -> dict[str, object]:
        """Return nothing: all nights are alike."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, object]) -> "Nights":
        """Return the nights."""
        return cls()


def runs_by_itself() -> bool:
    """Return whether Airflow's scheduler makes runs."""
    return bool(conf.getboolean("scheduler", "use_job_schedule"))
