"""The reports of the store on Airflow's own server, for whoever is logged in there.

An Airflow plugin (see ``airflow.plugins`` in pyproject.toml): a folder or a bucket has no address that
a browser on Airflow's pages could open.
"""

from functools import cached_property
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from dags import run_notes
from dags.nights import Nights
from jobs.errors import UsageError

MOUNT = "/nocturne"
# Reports quote what has landed, and the pages are on the server that holds the reader's session: they
# run nothing, send nothing, ask nobody else, and are what their ending says, whatever their bytes are.
HEADERS = {
    "Content-Security-Policy": "sandbox allow-same-origin allow-popups; default-src 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'none'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}


def reports() -> Any:
    """Build a FastAPI application: ``GET /reports/<path>`` is the store's object ``reports/<path>``."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI, HTTPException, Response

    from jobs.settings import load_settings
    from jobs.store import open_store
    from jobs.store.media_types import media_type

    app = FastAPI(dependencies=[Depends(get_user)], openapi_url=None)

    @app.get("/reports/{path:path}")
    def page(path: str) -> Response:
        try:
            body = open_store(load_settings()).get(f"reports/{path}")
        except UsageError:
            body = None
        if body is None:
            raise HTTPException(404, "There is no such report in the store.")
        return Response(body, media_type=media_type(path), headers=HEADERS)

    return app


class ReportPages(AirflowPlugin):
    """Mounts the reports; made late, because every process of Airflow loads its plugins. And names to
    Airflow, which asks plugins only, what the DAG runs by and who notes its runs."""

    name = "nocturne"
    timetables: ClassVar[list[Any]] = [Nights]
    listeners: ClassVar[list[Any]] = [run_notes]

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """Return the application and where it is."""
        return [{"app": reports(), "url_prefix": MOUNT, "name": "Nocturne's reports"}]
