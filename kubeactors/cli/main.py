"""The command `kubeactors`."""

import sys
from importlib.metadata import version
from typing import NoReturn

import cyclopts

from kubeactors.cli import bench, check, demo, fuzz, up
from kubeactors.cli.errors import UsageError


def app() -> cyclopts.App:
    """The command line, with every command."""
    parser = cyclopts.App(
        name="kubeactors",
        help="A Kubernetes control plane made of actors, in one process.",
        version=lambda: version("kubeactors"),
        result_action="return_value",
    )
    for command in (demo, up, bench, fuzz, check):
        command.register(parser)
    return parser


def main() -> NoReturn:
    """Run the command that the arguments name. Exits 2, with one sentence, on what the user can mend."""
    try:
        code = app()(exit_on_error=False, print_error=False)
    except (UsageError, cyclopts.CycloptsError) as error:
        print(f"kubeactors: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
