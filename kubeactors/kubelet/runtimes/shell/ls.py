"""The command `ls`.

Source: POSIX.1-2024, Utilities, ls; busybox 1.37 for the format of `-l` and for error messages. It never prints columns.
"""

import posixpath
from zlib import crc32

from kubeactors.kubelet.runtimes.shell.date import written
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.modes import permissions
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import SECOND

_BLOCK = 4096
_RECENT = 365 * 86_400 * SECOND // 2
_LONG = {"all": "a", "almost-all": "A", "directory": "d", "human-readable": "h", "recursive": "R", "reverse": "r"}


def human(size: int) -> str:
    """A size with a unit.

    >>> human(24), human(4096), human(3 << 19)
    ('24', '4.0K', '1.5M')
    """
    for unit, power in (("G", 30), ("M", 20), ("K", 10)):
        if size >= 1 << power:
            return f"{size / (1 << power):.1f}{unit}"
    return str(size)


def ls(call: Call) -> int:
    """List files and the contents of directories."""
    words = [one for one in call.arguments if not one.startswith("--color")]
    options = Options(words, "1alARhtrdSFpinsCxLHckuXvgGoq", _LONG)
    listing = _Listing(call, options)
    code = 0
    found = list[str]()
    for path in options.operands or ["."]:
        if call.files.exists(call.path(path)) or call.files.find_link(call.path(path)) is not None:
            found.append(path)
        else:
            code = call.complain(f"{path}: No such file or directory")
    directories = [one for one in found if listing.is_listed_inside(one)]
    listing.show([(call.path(one), one) for one in found if one not in directories])
    for whole, path in listing.ordered([(call.path(one), one) for one in directories]):
        listing.show_inside(whole, path, titled=len(options.operands) > 1 or "R" in options)
    return code


class _Listing:
    """Prints entries, which are pairs of an absolute path and the shown name."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._files = call.files
        self._options = options
        self._is_first = True

    def is_listed_inside(self, path: str) -> bool:
        """Whether the contents of a path are listed, instead of the path itself."""
        whole = self._call.path(path)
        is_link = self._files.find_link(whole) is not None and path[-1:] != "/"
        if "d" in self._options or (is_link and self._options.any("lF") and not self._options.any("LH")):
            return False
        return self._files.is_directory(whole)

    def show_inside(self, whole: str, path: str, *, titled: bool) -> None:
        """List the contents of a directory."""
        if titled:
            self._call.say(("" if self._is_first else "\n") + f"{path}:\n")
        hidden = self._options.any("aA")
        names = [one for one in self._files.names(whole) if hidden or one[0] != "."]
        entries = [(posixpath.join(whole, one), one) for one in names]
        if "a" in self._options:
            entries += [(whole, "."), (posixpath.dirname(whole), "..")]
        if self._options.any("ls"):
            self._call.say(f"total {sum(self._blocks(one) for one, _ in entries)}\n")
            self._is_first = False
        self.show(entries)
        self._is_first = False
        if "R" in self._options:
            for below, name in self.ordered([(posixpath.join(whole, one), one) for one in names]):
                if self._files.is_directory(below) and self._files.find_link(below) is None:
                    self.show_inside(below, posixpath.join(path, name), titled=True)

    def show(self, entries: list[tuple[str, str]]) -> None:
        """List entries, one a line."""
        for whole, name in self.ordered(entries):
            self._is_first = False
            self._call.say(f"{self._line(whole, name)}\n")

    def ordered(self, entries: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Sort entries by name, time (`-t`) or size (`-S`)."""
        entries = sorted(entries, key=lambda one: one[1])
        if "t" in self._options:
            entries.sort(key=lambda one: -self._modified(one[0]))
        elif "S" in self._options:
            entries.sort(key=lambda one: -self._files.size(one[0]))
        return entries[::-1] if "r" in self._options else entries

    def _modified(self, whole: str) -> int:
        return self._files.modified(whole) or self._call.now

    def _blocks(self, whole: str) -> int:
        """The disk usage, in KiB."""
        return 0 if self._files.find_link(whole) else -(-self._files.size(whole) // _BLOCK) * _BLOCK // 1024

    def _line(self, whole: str, name: str) -> str:
        start = f"{crc32(whole.encode(errors='surrogateescape')) % 10_000_000:7} " if "i" in self._options else ""
        start += f"{self._blocks(whole):6} " if "s" in self._options else ""
        link = self._files.find_link(whole)
        mark = self._mark(whole)
        if not self._options.any("lnog"):
            return f"{start}{name}{mark}"
        is_directory = self._files.is_directory(whole) and link is None
        kind = "l" if link is not None else "d" if is_directory else "-"
        links = 2 + sum(self._files.is_directory(posixpath.join(whole, one)) for one in self._files.names(whole))
        owner = "0" if "n" in self._options else "root"
        size = self._files.size(whole)
        return (
            f"{start}{kind}{permissions(self._files.mode(whole))} {links if is_directory else 1:4} {owner:<8} {owner:<8} "
            f"{f'{human(size):>7}' if 'h' in self._options else f'{size:>9}'} {self._moment(whole)} {name}{mark if link is None else ''}"
            + (f" -> {link.target}" if link is not None else "")
        )

    def _mark(self, whole: str) -> str:
        if not self._options.any("Fp"):
            return ""
        if self._files.find_link(whole) is not None:
            return "@" if "F" in self._options else ""
        if self._files.is_directory(whole):
            return "/"
        return "*" if "F" in self._options and self._files.mode(whole) & 0o111 else ""

    def _moment(self, whole: str) -> str:
        modified = self._modified(whole)
        return written(modified, "%b %e %H:%M" if abs(self._call.now - modified) < _RECENT else "%b %e  %Y")
