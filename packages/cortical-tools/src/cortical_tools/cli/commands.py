"""What can be typed after ``cortical-tools``, and what comes back when it goes wrong.

A command that cannot do its work says so in one line on the standard error and exits with 1; one
that was typed wrongly exits with 2.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cortical_tools._version import __version__
from cortical_tools.cli.demo import run_demo
from cortical_tools.dataset_spec import SERVER_VARIABLE, list_datasets
from cortical_tools.errors import CorticalToolsError
from cortical_tools.local import Faults, LocalService, make_world, serve
from cortical_tools.local.server import require_server

app: typer.Typer = typer.Typer(
    name="cortical-tools",
    help="Cortical datasets in CAVE: a world to try them on, and snapshots served on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command that the process was started with."""
    app(prog_name="cortical-tools")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # The reader has seen enough, as in `cortical-tools demo | head`; typer ends quietly.
        raise
    except (CorticalToolsError, OSError) as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cortical-tools {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """What holds for every command."""


@app.command()
def demo(
    folder: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Keep the world in this folder, which must not exist."),
    ] = None,
    n_cells: Annotated[int, typer.Option(min=8, help="How many neurons the world has.")] = 20,
    n_vertices: Annotated[
        int, typer.Option(min=50, help="How many vertices each skeleton has.")
    ] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another world.")] = 0,
) -> None:
    """Make a world of synthetic neurons, serve it, and ask it what one asks of a dataset."""
    with _one_line_errors(), tempfile.TemporaryDirectory() as aside:
        # Rather than after the world has been made.
        require_server()
        start = time.perf_counter()
        world = make_world(folder or Path(aside) / "world", n_cells, seed, n_vertices=n_vertices)
        seconds = time.perf_counter() - start
        typer.echo(f"Made a world of {n_cells} synthetic neurons in {seconds:.1f} s: {world}")
        with serve(world) as service:
            run_demo(service, typer.echo)


@app.command("serve")
def serve_folder(
    folder: Annotated[Path, typer.Argument(help="A snapshot folder.", show_default=False)],
    port: Annotated[int, typer.Option(min=0, help="Where to listen; 0 for any free port.")] = 0,
    token: Annotated[
        str | None, typer.Option(help="What clients have to bring; by default nothing.")
    ] = None,
    row_cap: Annotated[
        int, typer.Option(min=1, help="The most rows that a query answers with.")
    ] = 200_000,
    delay: Annotated[float, typer.Option(min=0, help="Seconds before every answer.")] = 0.0,
) -> None:
    """Serve a snapshot folder in CAVE's protocol on this machine, until interrupted."""
    faults = Faults()
    if delay:
        faults.add(delay=delay)
    with (
        _one_line_errors(),
        serve(folder, port=port, token=token, row_cap=row_cap, faults=faults) as service,
    ):
        typer.echo(f"{service.datastack} is served at {service}  (Ctrl-C ends it)")
        for spec in list_datasets():
            if spec.datastack_name == service.datastack:
                typer.echo(f"for clients: {SERVER_VARIABLE}{spec.name.upper()}={service}")
        _show_requests(service)


def _show_requests(service: LocalService) -> None:
    """Print every request as it has been answered, until interrupted."""
    try:
        while True:
            while service.log:
                seen = service.log.pop(0)
                milliseconds = 1000 * seen.seconds
                typer.echo(f"{seen.status} {milliseconds:7.1f} ms  {seen.method:6} {seen.path}")
            time.sleep(0.1)
    except KeyboardInterrupt:
        typer.echo("stopped")
