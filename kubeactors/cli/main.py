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
"""Where each command is; imported only when it is used, so that each starts fast."""

BROKEN_PIPE = 141
"""A shell's exit code for a program that SIGPIPE has ended."""
INTERRUPTED = 130
"""The same for SIGINT."""


def app() -> "cyclopts.App":
    """The command line, with every command."""
    import cyclopts  # noqa: PLC0415 -- slow enough that Ctrl-C may come meanwhile, which `main` handles

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
    """Run the command that the arguments name. Exits 2, with one sentence, on a usage error."""
    try:
        code = _run()
        sys.stdout.flush()
    except UsageError as error:
        print(f"kubeactors: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("kubeactors: interrupted before it was done", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader has closed the pipe, as in `| head`; Python would complain again on its flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    sys.exit(code if isinstance(code, int) else 0)


def _run() -> object:
    import cyclopts  # noqa: PLC0415 -- as above

    try:
        return app()(exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        raise UsageError(str(error)) from error
