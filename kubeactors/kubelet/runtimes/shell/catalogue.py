"""All commands that are not built into the shell, by name."""

from kubeactors.kubelet.runtimes.shell.archive import tar
from kubeactors.kubelet.runtimes.shell.awk import awk
from kubeactors.kubelet.runtimes.shell.columns import COLUMN_COMMANDS
from kubeactors.kubelet.runtimes.shell.compression import COMPRESSION_COMMANDS
from kubeactors.kubelet.runtimes.shell.cut import cut
from kubeactors.kubelet.runtimes.shell.date import date
from kubeactors.kubelet.runtimes.shell.disk_commands import DISK_COMMANDS
from kubeactors.kubelet.runtimes.shell.dumps import DUMP_COMMANDS
from kubeactors.kubelet.runtimes.shell.ends import head, tail
from kubeactors.kubelet.runtimes.shell.expr import expr
from kubeactors.kubelet.runtimes.shell.file_commands import FILE_COMMANDS
from kubeactors.kubelet.runtimes.shell.find import find as find_files
from kubeactors.kubelet.runtimes.shell.grep import grep
from kubeactors.kubelet.runtimes.shell.install import install
from kubeactors.kubelet.runtimes.shell.line_commands import LINE_COMMANDS
from kubeactors.kubelet.runtimes.shell.ls import ls
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.network_commands import NETWORK_COMMANDS
from kubeactors.kubelet.runtimes.shell.perl import perl
from kubeactors.kubelet.runtimes.shell.pieces import PIECE_COMMANDS
from kubeactors.kubelet.runtimes.shell.process_commands import PROCESS_COMMANDS
from kubeactors.kubelet.runtimes.shell.sed import sed
from kubeactors.kubelet.runtimes.shell.seq import seq, yes
from kubeactors.kubelet.runtimes.shell.sort import sort
from kubeactors.kubelet.runtimes.shell.system_commands import SYSTEM_COMMANDS, Command
from kubeactors.kubelet.runtimes.shell.text_commands import TEXT_COMMANDS
from kubeactors.kubelet.runtimes.shell.tr import tr
from kubeactors.kubelet.runtimes.shell.web_commands import WEB_COMMANDS
from kubeactors.kubelet.runtimes.shell.xargs import xargs

COMMANDS: dict[str, Command] = {
    **SYSTEM_COMMANDS,
    **FILE_COMMANDS,
    **TEXT_COMMANDS,
    **LINE_COMMANDS,
    **COLUMN_COMMANDS,
    **COMPRESSION_COMMANDS,
    **DUMP_COMMANDS,
    **PIECE_COMMANDS,
    **DISK_COMMANDS,
    **NETWORK_COMMANDS,
    **PROCESS_COMMANDS,
    **WEB_COMMANDS,
    "awk": awk,
    "cut": cut,
    "date": date,
    "egrep": grep,
    "expr": expr,
    "fgrep": grep,
    "find": find_files,
    "gawk": awk,
    "grep": grep,
    "head": head,
    "install": install,
    "ls": ls,
    "perl": perl,
    "sed": sed,
    "seq": seq,
    "sort": sort,
    "tail": tail,
    "tar": tar,
    "tr": tr,
    "xargs": xargs,
    "yes": yes,
}
SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_DIRECTORIES = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/")


def find(name: str) -> Command | None:
    """The command for a name or path; None if it does not exist or is a shell.

    >>> find("/bin/echo") is find("echo"), find("/app/echo")
    (True, None)
    """
    return COMMANDS.get(_plain(name))


def is_shell(name: str) -> bool:
    """Whether a name or path denotes a shell."""
    return _plain(name) in SHELLS


def exists(name: str) -> bool:
    """Whether the command exists, shells included."""
    return find(name) is not None or is_shell(name)


def which(call: Call) -> int:
    """Print the paths of commands; unknown ones are left out."""
    missing = 0
    for name in call.options("a")[1]:
        if exists(name):
            call.say(f"/bin/{name.rpartition('/')[2]}\n")
        else:
            missing = 1
    return missing


COMMANDS["which"] = which


def _plain(name: str) -> str:
    directory, slash, base = name.rpartition("/")
    return base if not slash or directory + "/" in _DIRECTORIES else name
