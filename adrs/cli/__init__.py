"""The command line. One file a group of verbs; what they do lives elsewhere."""

import errno
import io
import os
import sys
import warnings

import typer

from adrs.cli import agent, compare, distill, doctor, emulate, inspect, outputs, problems, runs, sandbox, score, serve
from adrs.cli.groups import Grouped
from adrs.errors import UserError
from adrs.text import printable

_EXIT_CODES = (
    "Exit codes: 0 done, whatever a program's verdict; 1 refused, with a sentence that says why, or a check failed; "
    "2 no such verb or option; 3 a run ended early since nothing was left to hope for, or nothing smaller was "
    "accepted; 130 interrupted."
)

app = typer.Typer(
    name="adrs",
    cls=Grouped,
    help="Evolve policies for computer systems, score them where they cannot cheat, keep every ancestor.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=_EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
runs.register(app)
problems.register(app)
inspect.register(app)
compare.register(app)
outputs.register(app)
distill.register(app)
agent.register(app)
emulate.register(app)
doctor.register(app)
sandbox.register(app)
score.register(app)
serve.register(app)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        from adrs import __version__

        print(f"adrs {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a verb. What its exit codes mean is said at the end of `adrs --help`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a sign is no reason to end
    try:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warn
                app()
        finally:
            sys.stdout.flush()  # what cannot be written is found here, and not when Python ends
    except UserError as error:
        print(f"adrs: {printable(str(error))}", file=sys.stderr)
        sys.exit(1)
    except BaseException as error:
        if _is_broken_pipe(error):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if _is_full(error):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            print(f"adrs: the output cannot be written: {os.strerror(errno.ENOSPC)}", file=sys.stderr)
            sys.exit(1)
        interrupt = _interrupt(error)
        if interrupt is None:
            raise
        notes = getattr(interrupt, "__notes__", ["what was recorded before is safe"])
        print(f"adrs: interrupted; {printable('; '.join(notes))}", file=sys.stderr)
        sys.exit(130)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Where in the code it was said helps nobody here."""
    print(f"adrs: {message}", file=sys.stderr)


def _is_broken_pipe(error: BaseException) -> bool:
    """The reader of our output has left, as `head` does; click and rich turn that into an exit with code 1."""
    seen = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(seen, BrokenPipeError)


def _is_full(error: BaseException) -> bool:
    """There is no room for our output; a file that has a name is no output."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None


def _interrupt(error: BaseException) -> BaseException | None:
    """Ctrl-C, which typer turns into an exit, or a task that a signal cancelled; None for all else."""
    seen = error.__context__.__cause__ if isinstance(error, SystemExit) and error.__context__ is not None else error
    asyncio = sys.modules.get("asyncio")  # what never loaded it need not load it to find out
    interrupts = (KeyboardInterrupt, asyncio.CancelledError) if asyncio is not None else (KeyboardInterrupt,)
    return seen if isinstance(seen, interrupts) else None
