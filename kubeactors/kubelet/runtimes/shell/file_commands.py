"""Commands that change files and paths.

Source: POSIX.1-2024, Utilities; error messages are busybox's.
"""

import posixpath
import re

from kubeactors.kubelet.runtimes.shell.date import parsed
from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.modes import changed
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.system_commands import Command


def _ln(call: Call) -> int:
    """`ln [-s] TARGET... PATH`; without `-s` the file is copied. Without a path the link is in the current directory."""
    options = Options(call.arguments, "sfnvTib", {"force": "f", "no-dereference": "n", "symbolic": "s", "verbose": "v"})
    if not options.operands:
        raise UsageError("missing operand")
    *targets, path = options.operands if len(options.operands) > 1 else [*options.operands, "."]
    whole = call.path(path)
    is_inside = call.files.is_directory(whole) and not (options.any("nT") and call.files.find_link(whole) is not None)
    code = 0
    for target in targets:
        place = posixpath.join(whole, posixpath.basename(target.rstrip("/"))) if is_inside else whole
        if "s" not in options and not call.files.exists(call.path(target)):
            code = call.complain(f"{target}: No such file or directory")
            continue
        try:
            _link(call, target, place, options)
        except FileError as error:
            code = call.complain(f"{path if place == whole else posixpath.basename(place)}: {error}")
    return code


def _link(call: Call, target: str, place: str, options: Options) -> None:
    exists = call.files.is_file(place) or call.files.find_link(place) is not None
    if exists and "f" not in options:
        raise FileError("File exists")
    if exists:
        call.files.remove(place)
    if "s" in options:
        call.files.make_link(place, target, call.now)
    else:
        _copy(call, call.path(target), place)
    if "v" in options:
        call.say(f"'{place}' -> '{target}'\n")


def _readlink(call: Call) -> int:
    """Print the target of a link; with `-f` the final one."""
    options, paths = call.options("fn")
    for path in paths:
        link = call.files.find_link(call.path(path))
        if "f" in options:
            call.say(f"{call.files.resolved(call.path(path))}\n")
        elif link is None:
            return 1
        else:
            call.say(f"{link.target}\n")
    return 0


def _touch(call: Call) -> int:
    """Create files, or set their times to now or to those of `-d`, `-t` and `-r`."""
    options = Options(call.arguments, "acmhfd:t:r:", {"date": "d", "no-create": "c", "reference": "r"})
    if not options.operands:
        raise UsageError("missing operand")
    now = call.now
    if options.any("dt"):
        now = parsed(options.value("d") or options.value("t"), now)
    elif "r" in options:
        if not call.files.exists(call.path(options.value("r"))):
            raise UsageError(f"{options.value('r')}: No such file or directory")
        now = call.files.modified(call.path(options.value("r")))
    code = 0
    for path in options.operands:
        try:
            file = call.files.find(call.path(path))
            if file is not None:
                file.modified = now
            elif not call.files.exists(call.path(path)) and "c" not in options:
                call.files.write(call.path(path), b"", now)
        except FileError as error:
            code = call.complain(f"{path}: {error}")
    return code


def _mkdir(call: Call) -> int:
    """Create directories. The permissions of `-m` are ignored: those of directories are not kept."""
    options = Options(call.arguments, "pvm:", {"mode": "m", "parents": "p", "verbose": "v"})
    if not options.operands:
        raise UsageError("missing operand")
    code = 0
    for path in options.operands:
        try:
            is_new = not call.files.exists(call.path(path))
            call.files.make_directory(call.path(path), parents="p" in options)
            if "v" in options and is_new:
                call.say(f"created directory: '{path}'\n")
        except FileError as error:
            code = call.complain(f"can't create directory '{path}': {error}")
    return code


def _rm(call: Call) -> int:
    options = Options(call.arguments, "rRfiv", {"force": "f", "recursive": "r", "verbose": "v"})
    if not options.operands and "f" not in options:
        raise UsageError("missing operand")
    code = 0
    for path in options.operands:
        whole = call.path(path)
        is_link = call.files.find_link(whole) is not None
        if not is_link and not call.files.exists(whole) and "f" in options:
            continue
        if posixpath.basename(path.rstrip("/")) in {".", ".."}:
            code = call.complain("can't remove '.' or '..'")
            continue
        if call.files.is_directory(whole) and not is_link and not options.any("rR"):
            code = call.complain(f"'{path}' is a directory")
            continue
        try:
            call.files.remove(whole)
        except FileError as error:
            code = call.complain(f"can't remove '{path}': {error}")
            continue
        if "v" in options:
            call.say(f"removed '{path}'\n")
    return code


def _rmdir(call: Call) -> int:
    code = 0
    for path in call.options("p")[1]:
        whole = call.path(path)
        if call.files.is_directory(whole) and call.files.names(whole):
            code = call.complain(f"'{path}': Directory not empty")
            continue
        try:
            call.files.remove(whole)
        except FileError as error:
            code = call.complain(f"'{path}': {error}")
    return code


def _cp(call: Call) -> int:
    long = {
        "archive": "a",
        "force": "f",
        "no-clobber": "n",
        "parents": "e",
        "recursive": "r",
        "target-directory": "t",
        "update": "u",
        "verbose": "v",
    }
    words = ["-n" if one == "--update=none" else one for one in call.arguments]
    options = Options(words, "rRafpvndLPHTuilst:", long)
    return _transfer(call, options, recursive=options.any("rRa"))


def _mv(call: Call) -> int:
    long = {"force": "f", "no-clobber": "n", "target-directory": "t", "verbose": "v"}
    return _transfer(call, Options(call.arguments, "fvniTut:", long), recursive=True, moves=True)


def _transfer(call: Call, options: Options, *, recursive: bool, moves: bool = False) -> int:
    paths = [*options.operands, *options.values("t")]
    if len(paths) < 2:
        return call.complain("missing operand")
    *sources, target = paths
    code = 0
    for path in sources:
        source, destination = call.path(path), call.path(target)
        shown = target
        if call.files.is_directory(destination) and "T" not in options:
            destination = absolute(_last_part(path), destination)
            shown = posixpath.join(target, _last_part(path))
        elif len(sources) > 1 or target.endswith("/"):
            shown = posixpath.join(target, _last_part(path))
            code = call.complain(f"can't rename '{path}': Not a directory" if moves else _absent(shown))
            continue
        if call.files.is_directory(source) and not recursive:
            code = call.complain(f"omitting directory '{path}'")
            continue
        if call.files.is_file(source) and source == destination:
            code = call.complain(f"'{path}' and '{shown}' are the same file")
            continue
        if call.files.exists(destination) and (
            "n" in options or ("u" in options and _is_older(call, source, destination))
        ):
            continue
        code = _transferred(call, (source, path), (destination, shown), recursive=recursive, moves=moves) or code
        if "v" in options and not code:
            call.say(f"'{path}' -> '{shown}'\n")
    return code


def _absent(path: str) -> str:
    return f"can't create '{path}': No such file or directory"


def _is_older(call: Call, source: str, destination: str) -> bool:
    return call.files.modified(source) <= call.files.modified(destination)


def _transferred(call: Call, one: tuple[str, str], other: tuple[str, str], *, recursive: bool, moves: bool) -> int:
    """Copy or move an entry; each is given by its absolute path and by its name in messages. Returns the exit code."""
    (source, path), (destination, shown) = one, other
    try:
        if call.machine.skips_unknown and call.files.may_be_of_image(source):
            _copy_from_image(call, destination, recursive=recursive)
            return 0
        if call.files.exists(source) and not moves and not _has_parent(call, destination):
            return call.complain(_absent(shown))
        _copy(call, source, destination)
        if moves:
            call.files.remove(source)
    except FileError as error:
        return call.complain(f"can't {'rename' if moves else 'stat'} '{path}': {error}")
    return 0


def _has_parent(call: Call, path: str) -> bool:
    above = posixpath.dirname(path)
    return call.files.is_directory(above) or call.files.may_be_of_image(above)


def _last_part(path: str) -> str:
    """The name of a path in the target directory. The contents of `directory/.` are copied into the target itself.

    >>> _last_part("/a/b/"), _last_part("/a/.")
    ('b', '.')
    """
    last = posixpath.basename(path.rstrip("/"))
    return "." if last == ".." else last


def _copy_from_image(call: Call, destination: str, *, recursive: bool) -> None:
    """Copy something that the image may contain, whose contents are unknown: the copy is empty."""
    if recursive:
        call.files.make_directory(destination, parents=True)
    else:
        _, file = call.files.write(destination, b"", call.now)
        file.mode = 0o755


def _copy(call: Call, source: str, destination: str) -> None:
    if destination == source or destination.startswith(source + "/"):
        raise FileError("Invalid argument")
    for one in list(call.files.walk(source)):
        place = destination + one[len(source) :]
        if call.files.is_directory(one):
            call.files.make_directory(place, parents=True)
        else:
            _, file = call.files.write(place, call.files.read(one), call.now)
            original = call.files.find(one)
            file.mode = original.mode if original is not None else file.mode


def _chmod(call: Call) -> int:
    """Change permissions. Those of directories are not kept."""
    words = [re.sub(r"^(?=-[rwxXst]+$)", "a", one) for one in call.arguments]
    options = Options(words, "Rfvc", {"recursive": "R", "silent": "f", "verbose": "v"})
    if len(options.operands) < 2:
        raise UsageError("missing operand")
    mode, *paths = options.operands
    changed(mode, 0)
    code = 0
    for path in paths:
        whole = call.path(path)
        if not call.files.exists(whole):
            code = 1 if "f" in options else call.complain(f"{path}: No such file or directory")
            continue
        for one in call.files.walk(whole) if "R" in options else [whole]:
            file = call.files.find(one)
            if file is not None:
                file.mode = changed(mode, file.mode)
    return code


def _nothing(call: Call) -> int:
    """Do nothing if the files exist: there are no owners."""
    missing = [one for one in call.options("Rf")[1][1:] if not call.files.exists(call.path(one))]
    for one in missing:
        call.complain(f"{one}: No such file or directory")
    return int(bool(missing))


def _basename(call: Call) -> int:
    """Print the last part of a path without a suffix, or with `-a` and `-s` of each path."""
    options = Options(call.arguments, "as:z", {"multiple": "a", "suffix": "s"}, mixed=False)
    if not options.operands:
        raise UsageError("missing operand")
    paths = options.operands if options.any("as") else options.operands[:1]
    suffix = options.value("s") or "".join(options.operands[1:2] if not options.any("as") else [])
    for path in paths:
        name = posixpath.basename(path.rstrip("/")) or ("/" if path else "")
        call.say((name.removesuffix(suffix) if name != suffix else name) + "\n")
    return 0


def _dirname(call: Call) -> int:
    path = (call.arguments or [""])[0].rstrip("/")
    call.say((posixpath.dirname(path) or ("/" if not path else ".")) + "\n")
    return 0


FILE_COMMANDS: dict[str, Command] = {
    "basename": _basename,
    "chgrp": _nothing,
    "chmod": _chmod,
    "chown": _nothing,
    "cp": _cp,
    "dirname": _dirname,
    "ln": _ln,
    "mkdir": _mkdir,
    "mv": _mv,
    "readlink": _readlink,
    "rm": _rm,
    "rmdir": _rmdir,
    "touch": _touch,
}
