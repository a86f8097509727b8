"""The console command `reshoring`: every subcommand, and errors without tracebacks."""

import sys
from io import TextIOWrapper
from typing import NoReturn

import typer

from helpers.errors import ReshoringError, refused
from helpers.terminal import say

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def register() -> None:
    """Let each package add its own commands; their heavy imports wait until a command runs."""
    from helpers.claims import commands as claims_commands
    from helpers.data import commands as data_commands
    from helpers.input_output import commands as input_output_commands
    from helpers.runner import commands as runner_commands
    from helpers.scaffold import commands as scaffold_commands
    from helpers.site import commands as site_commands
    from helpers.trade.products import commands as trade_commands

    for commands in (
        runner_commands,
        site_commands,
        claims_commands,
        data_commands,
        input_output_commands,
        trade_commands,
        scaffold_commands,
    ):
        commands.add_to(app)


def main() -> None:
    """Run the command line; a `ReshoringError` or a full or locked disk ends it with a message and exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter shows its number
    try:
        register()
        app()
    except ReshoringError as error:
        _end(error)
    except OSError as error:
        told = refused(error)
        if told is None:
            raise
        _end(told)
    except KeyboardInterrupt:
        say("stopped", error=True)
        sys.exit(130)


def _end(error: ReshoringError) -> NoReturn:
    say(f"error: {error}", error=True)
    sys.exit(error.exit_code)
