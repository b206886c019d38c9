"""Commands that inspect and modify files.

Source: POSIX.1-2024, Utilities; error messages are busybox's.
"""

import posixpath
from datetime import UTC, datetime
from itertools import pairwise

from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.system_commands import Command

_DIRECTORY_SIZE = 4096


def _ls(call: Call) -> int:
    options, paths = call.options("1alARhtrd")
    code = 0
    shown = paths or [""]
    for number, path in enumerate(shown):
        whole = call.path(path or ".")
        if not call.files.exists(whole) and call.files.find_link(whole) is None:
            code = call.complain(f"{path}: No such file or directory")
            continue
        if len(shown) > 1 and call.files.is_directory(whole):
            call.say(("\n" if number else "") + f"{path}:\n")
        is_shown_itself = "d" in options or (
            "l" in options and path[-1:] != "/" and call.files.find_link(whole) is not None
        )
        names = call.files.names(whole) if call.files.is_directory(whole) and not is_shown_itself else [path]
        if "a" in options and names != [path]:
            names = [".", "..", *names]
        for name in names:
            if not name.startswith(".") or "a" in options or "A" in options or name == path:
                call.say(_listed(call, whole, name, path, long="l" in options) + "\n")
    return code


def _listed(call: Call, whole: str, name: str, path: str, *, long: bool) -> str:
    if not long:
        return name
    entry = whole if name == path else posixpath.normpath(posixpath.join(whole, name))
    link = call.files.find_link(entry)
    if link is not None:
        shown = f"{len(link.target):9} {_moment(link.modified)} {name} -> {link.target}"
        return f"lrwxrwxrwx    1 root     root     {shown}"
    if call.files.is_directory(entry):
        return f"drwxr-xr-x    2 root     root     {_DIRECTORY_SIZE:9} {_moment(call.now)} {name}"
    file = call.files.find(entry)
    mode, modified = (file.mode, file.modified) if file is not None else (0o644, 0)
    size = len(call.files.read(entry))
    return f"-{_permissions(mode)}    1 root     root     {size:9} {_moment(modified)} {name}"


def _permissions(mode: int) -> str:
    """The permission bits in symbolic form.

    >>> _permissions(0o755)
    'rwxr-xr-x'
    """
    return "".join(letter if mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwxrwxrwx"))


def _moment(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M}"


def _ln(call: Call) -> int:
    """`ln -s TARGET PATH`; without `-s` the file is copied."""
    options, paths = call.options("sfnv")
    if len(paths) != 2:
        return call.complain("missing operand")
    target, path = paths
    whole = call.path(path)
    if call.files.is_directory(whole) and call.files.find_link(whole) is None:
        whole = posixpath.join(whole, posixpath.basename(target))
    if "f" in options and (call.files.is_file(whole) or call.files.find_link(whole) is not None):
        call.files.remove(whole)
    try:
        if "s" in options:
            call.files.make_link(whole, target, call.now)
        else:
            _copy(call, call.path(target), whole)
    except FileError as error:
        return call.complain(f"{path}: {error}")
    return 0


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
    _, paths = call.options("acm")
    code = 0
    for path in paths:
        try:
            file = call.files.find(call.path(path))
            if file is not None:
                file.modified = call.now
            elif not call.files.exists(call.path(path)):
                call.files.write(call.path(path), b"", call.now)
        except FileError as error:
            code = call.complain(f"{path}: {error}")
    return code


def _mkdir(call: Call) -> int:
    options, paths = call.options("pv")
    code = 0
    for path in paths:
        try:
            call.files.make_directory(call.path(path), parents="p" in options)
        except FileError as error:
            code = call.complain(f"can't create directory '{path}': {error}")
    return code


def _rm(call: Call) -> int:
    options, paths = call.options("rRfv")
    code = 0
    for path in paths:
        whole = call.path(path)
        is_link = call.files.find_link(whole) is not None
        if not is_link and not call.files.exists(whole) and "f" in options:
            continue
        if call.files.is_directory(whole) and not is_link and "r" not in options.lower():
            code = call.complain(f"'{path}' is a directory")
            continue
        try:
            call.files.remove(whole)
        except FileError as error:
            code = call.complain(f"can't remove '{path}': {error}")
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


_CP_LONG = {
    "--archive": "-a",
    "--force": "-f",
    "--no-clobber": "-n",
    "--recursive": "-r",
    "--update=none": "-n",
    "--verbose": "-v",
}


def _cp(call: Call) -> int:
    short = Call([_CP_LONG.get(one, one) for one in call.words], call.env, call.directory, call.streams, call.machine)
    options, paths = short.options("rRafpvndLPHTu")
    return _transfer(call, paths, recursive=bool({*options} & {*"rRa"}), keeps="n" in options)


def _mv(call: Call) -> int:
    options, paths = call.options("fvn")
    return _transfer(call, paths, recursive=True, keeps="n" in options, moves=True)


def _transfer(call: Call, paths: list[str], *, recursive: bool, keeps: bool, moves: bool = False) -> int:
    if len(paths) < 2:
        return call.complain("missing operand")
    *sources, target = paths
    code = 0
    for path in sources:
        source, destination = call.path(path), call.path(target)
        if call.files.is_directory(destination):
            destination = absolute(_last_part(path), destination)
        if call.files.is_directory(source) and not recursive:
            code = call.complain(f"omitting directory '{path}'")
            continue
        if keeps and call.files.exists(destination):
            continue
        try:
            if call.machine.skips_unknown and call.files.may_be_of_image(source):
                _copy_from_image(call, destination, recursive=recursive)
                continue
            _copy(call, source, destination)
            if moves:
                call.files.remove(source)
        except FileError as error:
            code = call.complain(f"can't {'rename' if moves else 'stat'} '{path}': {error}")
    return code


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
    _, words = call.options("Rf")
    if len(words) < 2:
        return call.complain("missing operand")
    code = 0
    for path in words[1:]:
        file = call.files.find(call.path(path))
        if file is not None:
            file.mode = _mode(words[0], file.mode)
        elif not call.files.exists(call.path(path)):
            code = call.complain(f"{path}: No such file or directory")
    return code


def _mode(text: str, mode: int) -> int:
    """Apply a mode in one of the common forms of `chmod`.

    >>> oct(_mode("+x", 0o644)), oct(_mode("600", 0o644)), oct(_mode("a-w", 0o644))
    ('0o755', '0o600', '0o444')
    """
    if text.isdecimal():
        return int(text, 8) & 0o777 if not set(text) & set("89") else mode
    for sign, following in pairwise(text):
        bits = {"x": 0o111, "w": 0o222, "r": 0o444}.get(following, 0)
        if sign == "+":
            mode |= bits
        elif sign == "-":
            mode &= ~bits
    return mode


def _nothing(call: Call) -> int:
    """Do nothing if the files exist: there are no owners."""
    missing = [one for one in call.options("Rf")[1][1:] if not call.files.exists(call.path(one))]
    for one in missing:
        call.complain(f"{one}: No such file or directory")
    return int(bool(missing))


def _basename(call: Call) -> int:
    path, *suffix = call.arguments or [""]
    name = posixpath.basename(path.rstrip("/")) or "/"
    call.say((name.removesuffix(suffix[0]) if suffix and name != suffix[0] else name) + "\n")
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
    "ls": _ls,
    "mkdir": _mkdir,
    "mv": _mv,
    "readlink": _readlink,
    "rm": _rm,
    "rmdir": _rmdir,
    "touch": _touch,
}
