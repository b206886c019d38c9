"""The command `kubeactors`."""

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from kubeactors.cli.errors import UsageError

if TYPE_CHECKING:
    import cyclopts

COMMANDS = {
    "demo": "kubeactors.cli.demo:demo",
    "up": "kubeactors.cli.up:up",
    "bench": "kubeactors.cli.bench:bench",
    "fuzz": "kubeactors.cli.fuzz:fuzz",
    "replay": "kubeactors.cli.replay:replay",
    "why": "kubeactors.cli.replay:why",
    "top": "kubeactors.cli.top:top",
    "explain-scheduling": "kubeactors.cli.explain:explain_scheduling",
    "check": "kubeactors.cli.check:check",
}
"""Where each command is; imported when it is used, so that each starts as fast as it can."""

BROKEN_PIPE = 141
"""What a shell shows of a program that SIGPIPE has ended."""
INTERRUPTED = 130
"""The same of SIGINT."""


def app() -> "cyclopts.App":
    """The command line, with every command."""
    import cyclopts  # noqa: PLC0415 -- takes as long as to press Ctrl-C: `main` is there by then

    parser = cyclopts.App(
        name="kubeactors",
        help="A Kubernetes control plane made of actors, in one process.",
        version=_version,
        result_action="return_value",
    )
    for name, function in COMMANDS.items():
        parser.command(function, name=name)
    return parser


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 -- as above

    return version("kubeactors")


def main() -> NoReturn:
    """Run the command that the arguments name. Exits 2, with one sentence, on what the user can mend."""
    try:
        code = _run()
        sys.stdout.flush()
    except UsageError as error:
        print(f"kubeactors: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("kubeactors: interrupted before it was done", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # who reads has seen enough, as in `| head`; Python would complain again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    sys.exit(code if isinstance(code, int) else 0)


def _run() -> object:
    import cyclopts  # noqa: PLC0415 -- as above

    try:
        return app()(exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        raise UsageError(str(error)) from error
