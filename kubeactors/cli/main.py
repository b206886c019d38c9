"""The command `kubeactors`."""

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from kubeactors.cli.errors import UsageError

if TYPE_CHECKING:
    import cyclopts

COMMANDS = {
    "demo": ("kubeactors.cli.demo:demo", "Take a tour: a rolling update, a rack loses power."),
    "up": ("kubeactors.cli.up:up", "Run a cluster for kubectl."),
    "bench": ("kubeactors.cli.bench:bench", "Measure a cluster."),
    "fuzz": (
        "kubeactors.cli.fuzz:fuzz",
        "Search for failures of the control plane or of an operator, in virtual time.",
    ),
    "replay": ("kubeactors.cli.replay:replay", "Reproduce a failure that was found."),
    "why": ("kubeactors.cli.replay:why", "Print the causes of every write of an object in such a run."),
    "top": ("kubeactors.cli.top:top", "Show the busiest actors of a running cluster."),
    "explain-scheduling": ("kubeactors.cli.explain:explain_scheduling", "Show which nodes fit a pod, and why."),
    "check": ("kubeactors.cli.check:check", "Run all gates of this repository."),
}
"""Where each command is, imported only when it is used, so that each starts fast; and what the list of commands says."""

BROKEN_PIPE = 141
"""A shell's exit code for a program that SIGPIPE has ended."""
INTERRUPTED = 130
"""The same for SIGINT."""


def app(*, lists: bool = False) -> "cyclopts.App":
    """The command line, with every command. If it `lists` them, each has its summary in place of its own help."""
    import cyclopts  # noqa: PLC0415 -- slow enough that Ctrl-C may come meanwhile, which `main` handles

    parser = cyclopts.App(
        name="kubeactors",
        help="A Kubernetes control plane made of actors, in one process.",
        version=_version,
        result_action="return_value",
    )
    for name, (function, summary) in COMMANDS.items():
        parser.command(function, name=name, help=summary if lists else None)
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
        return app(lists=sys.argv[1:] in ([], ["--help"], ["-h"]))(exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        raise UsageError(str(error)) from error
