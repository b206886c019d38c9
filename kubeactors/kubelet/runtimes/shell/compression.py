"""The commands `gzip`, `gunzip` and `zcat`.

Source: GNU gzip 1.13; busybox 1.37 for error messages. The standard library implements the format (RFC 1952).
"""

import gzip
import zlib

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import MAX_PIPE_BYTES
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

_LETTERS = "cdfkqvnt123456789"
_LONG = {"decompress": "d", "force": "f", "keep": "k", "stdout": "c", "to-stdout": "c", "uncompress": "d"}


def compressed(data: bytes) -> bytes:
    """Data in gzip's format, without a time."""
    return gzip.compress(data, mtime=0)


def decompressed(data: bytes) -> bytes:
    """The contents of data in gzip's format, up to the capacity of a pipe.

    >>> decompressed(compressed(b"one") + compressed(b"two"))
    b'onetwo'

    Raises:
        FileError: the data are in another format, or their contents are too large.
    """
    found = b""
    while data:
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            found += reader.decompress(data, MAX_PIPE_BYTES + 1 - len(found))
        except zlib.error:
            raise FileError("invalid magic" if not found else "crc error") from None
        if len(found) > MAX_PIPE_BYTES:
            raise FileError("No space left on device")
        if not reader.eof:
            raise FileError("short read")
        data = reader.unused_data
    return found


def _gzip(call: Call) -> Run:
    """Compress or decompress files in place, or standard input."""
    options = Options(call.arguments, _LETTERS, _LONG)
    name = call.words[0].rpartition("/")[2]
    unpacks = "d" in options or name in {"gunzip", "zcat"}
    if not options.operands or options.operands == ["-"]:
        data = yield from rest_of(call.streams.input)
        call.streams.output.write(decompressed(data) if unpacks else compressed(data))
        return 0
    code = 0
    for path in options.operands:
        try:
            _convert(call, path, unpacks=unpacks, options=options, prints="c" in options or name == "zcat")
        except FileError as error:
            code = call.complain(f"{path}: {error}")
    return code


def _convert(call: Call, path: str, *, unpacks: bool, options: Options, prints: bool) -> None:
    whole = call.path(path)
    data = call.files.read(whole)
    if not prints and unpacks and not path.endswith((".gz", ".tgz")):
        raise FileError("unknown suffix - ignored")
    made = decompressed(data) if unpacks else compressed(data)
    if prints:
        call.streams.output.write(made)
        return
    target = whole + ".gz"
    if unpacks:
        target = whole.removesuffix(".gz") if whole.endswith(".gz") else whole.removesuffix(".tgz") + ".tar"
    if call.files.exists(target) and "f" not in options:
        raise FileError(f"can't open '{target}': File exists")
    call.files.write(target, made, call.now)
    if "k" not in options:
        call.files.remove(whole)


COMPRESSION_COMMANDS: dict[str, Command] = {"gunzip": _gzip, "gzip": _gzip, "zcat": _gzip}
