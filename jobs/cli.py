"""The command line."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def nocturne() -> None:
    """Nightly music recommendation."""


def main() -> None:
    """Console entry point."""
    app()
