"""Commands that report files, disk and memory usage.

Source of the output formats: busybox 1.37, findutils, coreutils and procps.
"""

import posixpath
import re
from collections.abc import Iterator
from itertools import count
from zlib import crc32

from kubeactors.kubelet.runtimes.shell.date import written
from kubeactors.kubelet.runtimes.shell.files import MAX_BYTES, FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.modes import permissions
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import SECOND
from kubeactors.kubelet.runtimes.shell.system_commands import Command

_BLOCK = 4096


def _size(call: Call, path: str) -> int:
    """The bytes of everything below a path, each entry rounded up to blocks."""
    return dict(_sizes(call, path))[path]


def _sizes(call: Call, path: str) -> Iterator[tuple[str, int]]:
    """The sizes of all entries below a path, the deepest first."""
    is_link = call.files.find_link(path) is not None
    size = 0 if is_link else -(-call.files.size(path) // _BLOCK) * _BLOCK
    if call.files.is_directory(path) and not is_link:
        for name in call.files.names(path):
            below = posixpath.join(path, name)
            for one, taken in _sizes(call, below):
                yield one, taken
                size += taken if one == below else 0
    yield path, size


def _du(call: Call) -> int:
    """Print the usage of each directory, with `-a` also of each file, with `-s` only of the operands."""
    options = Options(call.arguments, "shkmacd:Hx", {"human-readable": "h", "max-depth": "d", "summarize": "s"})
    shape = "".join(letter for letter, _ in options.given)
    depth = 0 if "s" in options else options.number("d", 1000)
    code = total = 0
    for path in options.operands or ["."]:
        whole = call.path(path)
        if not call.files.exists(whole):
            code = call.complain(f"{path}: No such file or directory")
            continue
        for one, size in _sizes(call, whole):
            total += size if one == whole else 0
            below = posixpath.relpath(one, whole)
            level = 0 if below == "." else below.count("/") + 1
            if level <= depth and (one == whole or "a" in options or call.files.is_directory(one)):
                call.say(f"{_shown(size, shape)}\t{path if level == 0 else posixpath.join(path, below)}\n")
    if "c" in options:
        call.say(f"{_shown(total, shape)}\ttotal\n")
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


_KINDS = {"d": "directory", "l": "symbolic link", "-": "regular file"}
_DIRECTIVE = re.compile(r"%([a-zA-Z%])")


def _formatted(text: str, parts: dict[str, str]) -> str:
    """A format of `stat -c` with the parts of a file by letter; unknown ones are `?`.

    >>> _formatted("%s %n %q", {"s": "3", "n": "a"})
    '3 a ?'
    """
    return _DIRECTIVE.sub(lambda found: parts.get(found[1], "?"), text)


def _stat(call: Call) -> int:
    """Describe files, or print what `-c` asks for."""
    options = Options(call.arguments, "c:Lt", {"dereference": "L", "format": "c"})
    if not options.operands:
        raise UsageError("missing operand")
    code = 0
    for path in options.operands:
        whole = call.files.resolved(call.path(path)) if "L" in options else call.path(path)
        if not call.files.exists(whole) and call.files.find_link(whole) is None:
            code = call.complain(f"can't stat '{path}': No such file or directory")
            continue
        parts = _described(call, whole, path)
        if "c" not in options:
            call.say(_summary(parts))
            continue
        call.say(_formatted(options.value("c"), parts) + "\n")
    return code


def _summary(parts: dict[str, str]) -> str:
    """What `stat` prints without a format."""
    names = {letter: parts[letter] for letter in "NsbFiahAuUgGxyz"}
    return (
        "  File: {N}\n  Size: {s:<10}\tBlocks: {b:<10} IO Block: 4096   {F}\n"
        "Device: fe00h/65024d\tInode: {i:<10}  Links: {h}\n"
        "Access: (0{a}/{A})  Uid: ({u:>5}/{U:>8})   Gid: ({g:>5}/{G:>8})\n"
        "Access: {x}\nModify: {y}\nChange: {z}\n"
    ).format(**names)


def _described(call: Call, whole: str, path: str) -> dict[str, str]:
    """What the directives of `stat -c` stand for."""
    link = call.files.find_link(whole)
    kind = "l" if link is not None else "d" if call.files.is_directory(whole) else "-"
    mode, size, modified = call.files.mode(whole), call.files.size(whole), call.files.modified(whole) or call.now
    moment, seconds = written(modified, "%F %T.%N +0000"), str(modified // SECOND)
    return {
        "%": "%",
        "a": f"{mode:o}",
        "A": kind + permissions(mode),
        "b": str(-(-size // _BLOCK) * 8),
        "B": "512",
        "F": _KINDS[kind] if size or kind != "-" else "regular empty file",
        "f": f"{mode | {'l': 0o120000, 'd': 0o040000, '-': 0o100000}[kind]:x}",
        "g": "0",
        "G": "root",
        "h": "1",
        "i": str(crc32(whole.encode(errors="surrogateescape")) % 10_000_000),
        "n": path,
        "N": f"'{path}' -> '{link.target}'" if link is not None else path,
        "s": str(size),
        "u": "0",
        "U": "root",
        **dict.fromkeys("xyz", moment),
        **dict.fromkeys("XYZ", seconds),
    }


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
