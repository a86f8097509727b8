"""The console command `reshoring`: every subcommand, and errors without tracebacks."""

import sys

import typer

from helpers.errors import ReshoringError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def register() -> None:
    """Let each package add its own commands; their heavy imports wait until a command runs."""
    from helpers.claims import commands as claims_commands
    from helpers.data import commands as data_commands
    from helpers.input_output import commands as input_output_commands
    from helpers.runner import commands as runner_commands
    from helpers.site import commands as site_commands
    from helpers.trade.products import commands as trade_commands

    for commands in (
        runner_commands,
        site_commands,
        claims_commands,
        data_commands,
        input_output_commands,
        trade_commands,
    ):
        commands.add_to(app)


def main() -> None:
    """Run the command line; a `ReshoringError` ends it with its message and exit code."""
    register()
    try:
        app()
    except ReshoringError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
