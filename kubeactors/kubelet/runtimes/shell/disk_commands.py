"""Commands that report files, disk and memory usage.

Source of the output formats: busybox 1.37, findutils, coreutils and procps.
"""

from itertools import count

from kubeactors.kubelet.runtimes.shell.files import MAX_BYTES, FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.system_commands import Command

_BLOCK = 4096


def _size(call: Call, path: str) -> int:
    """The bytes of all files below a path, each rounded up to blocks."""
    files = [one for one in call.files.walk(path) if call.files.is_file(one)]
    return sum(-(-len(call.files.read(one)) // _BLOCK) * _BLOCK for one in files)


def _du(call: Call) -> int:
    """`du -s`: the usage of each path."""
    options, paths = call.options("shkm")
    code = 0
    for path in paths or ["."]:
        if call.files.exists(call.path(path)):
            call.say(f"{_shown(_size(call, call.path(path)), options)}\t{path}\n")
        else:
            code = call.complain(f"{path}: No such file or directory")
    return code


def _df(call: Call) -> int:
    """`df` of the container's only disk."""
    options, _ = call.options("hkmTP")
    used = _size(call, "/")
    whole, taken, free = (_shown(one, options) for one in (MAX_BYTES, used, MAX_BYTES - used))
    call.say("Filesystem           1K-blocks      Used Available Use% Mounted on\n")
    call.say(f"{'overlay':<20} {whole:>9} {taken:>9} {free:>9} {100 * used // MAX_BYTES:>3}% /\n")
    return 0


def _shown(size: int, options: str) -> str:
    """A size in KiB, or with a unit.

    >>> _shown(4096, ""), _shown(64 << 20, "h"), _shown(64 << 20, "m")
    ('4', '64.0M', '64')
    """
    if "h" in options:
        return f"{size / 2**20:.1f}M" if size >= 2**20 else f"{size / 2**10:.1f}K"
    return str(size // (2**20 if "m" in options else 2**10))


def _stat(call: Call) -> int:
    """`stat`, optionally with `-c` and a format of `%n`, `%s`, `%a` and `%F`."""
    words = list(call.arguments)
    layout = words.pop(words.index("-c") + 1) if "-c" in words[:-1] else "  File: %n\n  Size: %s\t%F\nAccess: (0%a)"
    code = 0
    for path in [one for one in words if one not in {"-c", "-L"}]:
        whole = call.path(path)
        if not call.files.exists(whole):
            code = call.complain(f"can't stat '{path}': No such file or directory")
            continue
        is_directory, file = call.files.is_directory(whole), call.files.find(whole)
        mode = 0o755 if is_directory else file.mode if file is not None else 0o644
        size = _BLOCK if is_directory else len(call.files.read(whole))
        kind = "directory" if is_directory else "regular file"
        shown = layout.replace("%n", path).replace("%s", str(size)).replace("%a", f"{mode:o}").replace("%F", kind)
        call.say(f"{shown}\n")
    return code


def _mktemp(call: Call) -> int:
    """Create a file, or with `-d` a directory, under an unused name."""
    options, names = call.options("dqu")
    template = call.path(names[0] if names else "/tmp/tmp.XXXXXX")  # noqa: S108 -- in memory
    stem = template.rstrip("X")
    width = len(template) - len(stem)
    path = next(one for number in count() if not call.files.exists(one := f"{stem}{number:0{width}}"))
    try:
        if "d" in options:
            call.files.make_directory(path, parents=False)
        else:
            call.files.write(path, b"", call.now)
    except FileError as error:
        return call.complain(f"{path}: {error}")
    call.say(f"{path}\n")
    return 0


def _realpath(call: Call) -> int:
    code = 0
    for path in call.options("em")[1]:
        if call.files.exists(call.path(path)):
            call.say(f"{call.files.resolved(call.path(path))}\n")
        else:
            code = call.complain(f"{path}: No such file or directory")
    return code


DISK_COMMANDS: dict[str, Command] = {
    "df": _df,
    "du": _du,
    "mktemp": _mktemp,
    "realpath": _realpath,
    "stat": _stat,
}
