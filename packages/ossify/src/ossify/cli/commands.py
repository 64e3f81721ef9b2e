"""What can be typed after ``ossify``, and what comes back when it goes wrong.

A command that cannot use a file says so in one line on the standard error and exits with 1; one
that was typed wrongly exits with 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ossify._version import __version__
from ossify.cli.convert import convert
from ossify.cli.demo import run_demo
from ossify.cli.info import info_json, info_text
from ossify.cli.progress import doing
from ossify.cli.verify import look_at, outcome_text, outcomes_json
from ossify.errors import OssifyError
from ossify.io.osy import describe_file

app: typer.Typer = typer.Typer(
    name="ossify",
    help="Neuron reconstructions as .osy files: look into them, check and convert them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command that the process was started with."""
    app(prog_name="ossify")


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # The reader has seen enough, as in `ossify demo | head`; typer ends quietly.
        raise
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise _failure(reason) from None
    # A ValueError is a location that no file can be at, or a scheme that is not known.
    # An ImportError names the extra that brings what is missing.
    except (OssifyError, ValueError, AssertionError, ImportError) as error:
        raise _failure(str(error)) from None


def _failure(reason: str) -> typer.Exit:
    typer.echo(f"error: {' '.join(reason.split())}", err=True)
    return typer.Exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ossify {__version__}")
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
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The folder for demo.osy and demo.png."),
    ] = Path(),
    n_vertices: Annotated[
        int, typer.Option(min=50, help="How many vertices the skeleton has.")
    ] = 5_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another cell.")] = 0,
) -> None:
    """Make a synthetic cell, save it, load it, and show what can be asked of it."""
    with _one_line_errors():
        run_demo(output, n_vertices, seed, typer.echo)


@app.command()
def info(
    file: Annotated[str, typer.Argument(help="An .osy file.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; ids are text in it.")
    ] = False,
) -> None:
    """Say what is in an .osy file, from its index alone."""
    with _one_line_errors():
        manifest = describe_file(file)
        typer.echo(info_json(manifest) if as_json else info_text(manifest))


@app.command("verify")
def verify_files(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help=".osy files.", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Check every byte and every member of .osy files; exit with 1 if anything is wrong."""
    outcomes = []
    for place, file in enumerate(files, 1):
        with doing(f"Verifying {place:,} of {len(files):,}: {file}"):
            outcomes.append(look_at(file))
        if not as_json:
            typer.echo(outcome_text(outcomes[-1]))
    if as_json:
        typer.echo(outcomes_json(outcomes))
    if not all(outcome.is_good for outcome in outcomes):
        raise typer.Exit(1)


@app.command("convert")
def convert_file(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="An .osy, .swc or .h5 file.", show_default=False)
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="An .osy or .swc file.", show_default=False)
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if something cannot be carried.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it is there.")
    ] = False,
    units: Annotated[
        str | None,
        typer.Option(
            help="What OUT is to be in, to or from SWC. Default: µm in .swc, as it is in .osy.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make an .osy or .swc file of another file, and say what could not be carried."""
    with _one_line_errors():
        for report in convert(source, target, strict=strict, overwrite=overwrite, units=units):
            typer.echo(report)
