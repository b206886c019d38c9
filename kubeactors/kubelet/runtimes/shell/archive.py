"""`tar`, as `kubectl cp` uses it: `cf - PATHS`, `xf - -C DIRECTORY`, and `t`; with or without `z`.

Source: k8s.io/kubectl/pkg/cmd/cp/cp.go (v0.36); the standard library implements the format.
"""

import io
import posixpath
import tarfile

from kubeactors.kubelet.runtimes.shell.compression import compressed, decompressed
from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.processes import SECOND, Run
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

_GZIP = b"\x1f\x8b"
"""How data in gzip's format begin."""


def tar(call: Call) -> Run:
    """Create, extract or list an archive. Only files and directories are supported."""
    letters, directory, archive, paths = _arguments(call)
    try:
        if "c" in letters:
            data = _packed(call, paths, directory)
            data = compressed(data) if "z" in letters else data
            if archive == "-":
                call.streams.output.write(data)
            else:
                call.files.write(call.path(archive), data, call.now)
            return 0
        data = (yield from rest_of(call.streams.input)) if archive == "-" else call.files.read(call.path(archive))
        data = decompressed(data) if data.startswith(_GZIP) else data
        _unpack(call, data, directory, shows="t" in letters)
    except FileError as error:
        return call.complain(str(error))
    except tarfile.TarError as error:
        return call.complain(f"invalid tar magic: {error}")
    return 0


def _arguments(call: Call) -> tuple[str, str, str, list[str]]:
    """The options, the directory, the archive, and the paths."""
    letters, directory, archive, paths = "", call.directory, "-", list[str]()
    words = list(call.arguments)
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            continue
        if not word.startswith("-") or word == "-":
            paths.append(word)
            continue
        letters += word[1:]
        for letter in word[1:]:
            if letter == "C" and words:
                directory = call.path(words.pop(0))
            elif letter == "f" and words:
                archive = words.pop(0)
    return letters, directory, archive, paths


def _packed(call: Call, paths: list[str], directory: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in paths:
            whole = absolute(path, directory)
            if not call.files.exists(whole):
                raise FileError(f"{path}: No such file or directory")
            for one in call.files.walk(whole):
                _add(call, archive, one, (path + one[len(whole) :]).lstrip("/") or ".")
    return buffer.getvalue()


def _add(call: Call, archive: tarfile.TarFile, path: str, name: str) -> None:
    entry = tarfile.TarInfo(name)
    if call.files.is_directory(path):
        entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, call.now // SECOND
        archive.addfile(entry)
        return
    data, file = call.files.read(path), call.files.find(path)
    entry.size = len(data)
    if file is not None:
        entry.mode, entry.mtime = file.mode, file.modified // SECOND
    archive.addfile(entry, io.BytesIO(data))


def _unpack(call: Call, data: bytes, directory: str, *, shows: bool) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            if shows:
                call.say(f"{entry.name}{'/' if entry.isdir() else ''}\n")
                continue
            path = absolute(entry.name.lstrip("/"), directory)
            if path != directory and not path.startswith(directory.rstrip("/") + "/"):
                raise FileError(f"{entry.name}: name with '..' skipped")
            _take(call, archive, entry, path)


def _take(call: Call, archive: tarfile.TarFile, entry: tarfile.TarInfo, path: str) -> None:
    content = archive.extractfile(entry) if entry.isfile() else None
    if entry.isdir():
        call.files.make_directory(path, parents=True)
    elif content is not None:
        call.files.make_directory(posixpath.dirname(path), parents=True)
        _, file = call.files.write(path, content.read(), call.now)
        file.mode = entry.mode & 0o777
