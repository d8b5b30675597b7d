"""Landings of real tastes and tracks to measure with, and the houses they are ingested into."""

import subprocess
import sys
from datetime import date
from pathlib import Path

from jobs.settings import LakeSettings, LandingSettings, Settings, StoreSettings

LAST = date(2026, 6, 28)


def make_landing(tool: Path, folder: Path, n_nights: int, per_night: int) -> None:
    """Run make_landing.py for so many nights up to ``LAST``."""
    command = [sys.executable, tool, "--out", folder, "--end-date", str(LAST)]
    sizes = ["--nights", str(n_nights), "--per-night", str(per_night)]
    subprocess.run([*command, *sizes], check=True, stdout=subprocess.DEVNULL)


def settings_for(landing: Path, house: Path) -> Settings:
    """Settings over the landing whose other folders are below ``house``."""
    return Settings(
        home=str(house / "home"),
        landing=LandingSettings(root=str(landing)),
        lake=LakeSettings(root=str(house / "lake")),
        store=StoreSettings(root=str(house / "store")),
    )
