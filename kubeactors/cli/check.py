"""`kubeactors check`: every gate of the project in one command, run in a checkout."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from kubeactors.cli.errors import UsageError

PYTHON = (sys.executable, "-m")

GATES: Mapping[str, Sequence[str]] = {
    "format": (*PYTHON, "ruff", "format", "--check", "."),
    "lint": (*PYTHON, "ruff", "check", "."),
    "imports": (str(Path(sys.executable).with_name("lint-imports")),),
    "mypy": (*PYTHON, "mypy"),
    "pyright": (*PYTHON, "pyright", "--pythonpath", sys.executable),
    "typing": (*PYTHON, "pytest", "-q", "tests/typing"),
    "tests": (*PYTHON, "pytest"),
}


def check(*, without: Annotated[tuple[str, ...], Parameter(help="Gates to leave out.")] = ()) -> int:
    """Run all gates: format, lint, imports, mypy, pyright, typing, tests. Exit code 1 if one fails."""
    unknown = [name for name in without if name not in GATES]
    if unknown:
        raise UsageError(f"no gate is named {', '.join(unknown)}; there are {', '.join(GATES)}")
    if not Path("pyproject.toml").exists():
        raise UsageError("there is no pyproject.toml here; run this in a checkout of the project")
    failed = [name for name, command in GATES.items() if name not in without and not _passes(name, command)]
    print(f"failed: {', '.join(failed)}" if failed else "all gates passed")
    return 1 if failed else 0


def _passes(name: str, command: Sequence[str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 -- the commands stand above
