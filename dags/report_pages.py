"""The reports of the store on Airflow's own server, for whoever is logged in there.

An Airflow plugin (see ``airflow.plugins`` in pyproject.toml): a folder or a bucket has no address that
a browser on Airflow's pages could open.
"""

import mimetypes
from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from jobs.errors import UsageError

MOUNT = "/nocturne"
# Reports quote what has landed; the page is on the server that holds the reader's session.
POLICY = {"Content-Security-Policy": "script-src 'none'; object-src 'none'; base-uri 'none'"}


def reports() -> Any:
    """A FastAPI application: ``GET /reports/<path>`` is the object ``reports/<path>`` of the store."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI, HTTPException, Response

    from jobs.settings import load_settings
    from jobs.store import open_store

    app = FastAPI(dependencies=[Depends(get_user)], openapi_url=None)

    @app.get("/reports/{path:path}")
    def page(path: str) -> Response:
        try:
            body = open_store(load_settings()).get(f"reports/{path}")
        except UsageError:
            body = None
        if body is None:
            raise HTTPException(404, "There is no such report in the store.")
        return Response(body, media_type=mimetypes.guess_type(path)[0], headers=POLICY)

    return app


class ReportPages(AirflowPlugin):
    """Mounts the reports; made late, because every process of Airflow loads its plugins."""

    name = "nocturne"

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """The application and where it is."""
        return [{"app": reports(), "url_prefix": MOUNT, "name": "Nocturne's reports"}]
