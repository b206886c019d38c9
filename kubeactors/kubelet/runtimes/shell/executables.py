"""The files that a shell can run: where they are, whether they may be executed, and with what.

Source: POSIX.1-2024, Shell Command Language, 2.9.1.4 Command Search and Execution.
"""

import posixpath

from kubeactors.kubelet.runtimes.shell.catalogue import exists
from kubeactors.kubelet.runtimes.shell.files import absolute
from kubeactors.kubelet.runtimes.shell.state import ShellState


def file_of(shell: ShellState, name: str) -> str | None:
    """The file or directory of a command; None if there is none."""
    if "/" not in name:
        return file_in_path(shell, name)
    return name if shell.files.exists(absolute(name, shell.directory)) else None


def file_in_path(shell: ShellState, name: str) -> str | None:
    """The first file of that name in PATH; None if there is none."""
    directories = shell.variables.get("PATH", "").split(":") if name else []
    paths = (posixpath.join(one or ".", name) for one in directories)
    return next((one for one in paths if shell.files.is_file(absolute(one, shell.directory))), None)


def is_executable(shell: ShellState, path: str) -> bool:
    """Whether a file may be executed; the permissions of external files are unknown."""
    whole = absolute(path, shell.directory)
    file = shell.files.find(whole)
    return shell.files.is_file(whole) and (file is None or bool(file.mode & 0o111))


def interpreter_of(shell: ShellState, path: str) -> list[str]:
    """The command that runs a script: a shell, unless its first line names another."""
    first = shell.files.read(absolute(path, shell.directory)).partition(b"\n")[0].decode(errors="surrogateescape")
    words = first[2:].split(None, 1) if first.startswith("#!") else []
    return words if words and exists(words[0]) else ["sh"]
