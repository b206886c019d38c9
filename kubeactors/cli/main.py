"""The command `kubeactors`."""

import os
import sys
from importlib.metadata import version
from typing import NoReturn

import cyclopts

from kubeactors.cli.errors import UsageError

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


def app() -> cyclopts.App:
    """The command line, with every command."""
    parser = cyclopts.App(
        name="kubeactors",
        help="A Kubernetes control plane made of actors, in one process.",
        version=lambda: version("kubeactors"),
        result_action="return_value",
    )
    for name, function in COMMANDS.items():
        parser.command(function, name=name)
    return parser


def main() -> NoReturn:
    """Run the command that the arguments name. Exits 2, with one sentence, on what the user can mend."""
    try:
        code = app()(exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except (UsageError, cyclopts.CycloptsError) as error:
        print(f"kubeactors: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # who reads has seen enough, as in `| head`; Python would complain again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    sys.exit(code if isinstance(code, int) else 0)
