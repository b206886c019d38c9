"""Scripts of sed: the commands `s d p q = y a i c`, with addresses, ranges and `!`.

Unsupported and rejected are labels and branches, braces, multi-line pattern spaces, and the hold space.

Source: POSIX.1-2024, Utilities, sed.
"""

import re

import msgspec

from kubeactors.kubelet.runtimes.shell.regular_expressions import compiled

_number = re.compile(r"\d+")


class SedSyntaxError(ValueError):
    """The script is malformed or uses an unsupported feature."""


class Address(msgspec.Struct, frozen=True):
    """An address: a line number, the last line (-1), or a pattern."""

    number: int = 0
    pattern: re.Pattern[str] | None = None

    def fits(self, text: str, number: int, *, last: bool) -> bool:
        """Whether the address matches the line."""
        if self.pattern is not None:
            return self.pattern.search(text) is not None
        return last if self.number < 0 else number == self.number


class Edit(msgspec.Struct, frozen=True):
    """A command with its addresses and arguments."""

    name: str
    addresses: tuple[Address, ...] = ()
    negated: bool = False
    pattern: re.Pattern[str] | None = None
    text: str = ""
    count: int = 1
    """Which match to replace; 0 means all."""
    prints: bool = False


def read_script(text: str, *, extended: bool) -> tuple[Edit, ...]:
    """Parse a script.

    Raises:
        SedSyntaxError: it is malformed or uses an unsupported feature.
        re.error: a regular expression is malformed.
    """
    return _Reader(text, extended=extended).script()


class _Reader:
    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._at = 0
        self._extended = extended

    def script(self) -> tuple[Edit, ...]:
        """Parse the whole script."""
        found: list[Edit] = []
        self._skip(" \t\n;")
        while self._at < len(self._text):
            if self._char == "#":
                self._line()
            else:
                found.append(self._edit())
            self._skip(" \t\n;")
        return tuple(found)

    @property
    def _char(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, characters: str) -> None:
        while self._char and self._char in characters:
            self._at += 1

    def _take(self) -> str:
        char = self._char
        self._at += 1
        return char

    def _edit(self) -> Edit:
        addresses = self._addresses()
        self._skip(" \t")
        negated = self._char == "!"
        self._at += negated
        self._skip(" \t")
        name = self._take()
        match name:
            case "d" | "p" | "q" | "=":
                return Edit(name, addresses, negated)
            case "s":
                return self._substitution(addresses, negated=negated)
            case "y":
                mark = self._take()
                one, other = self._part(mark), self._part(mark)
                return Edit(name, addresses, negated, text=f"{one}\0{other}")
            case "a" | "i" | "c":
                text = self._line().lstrip(" \t").removeprefix("\\").lstrip("\n")
                return Edit(name, addresses, negated, text=text)
            case _:
                raise SedSyntaxError(f"unsupported command {name}")

    def _addresses(self) -> tuple[Address, ...]:
        first = self._address()
        if first is None:
            return ()
        if self._char != ",":
            return (first,)
        self._at += 1
        second = self._address()
        return (first,) if second is None else (first, second)

    def _address(self) -> Address | None:
        found = _number.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            return Address(int(found[0]))
        if self._char == "$":
            self._at += 1
            return Address(-1)
        if self._char == "/":
            self._at += 1
            return Address(pattern=compiled(self._part("/"), extended=self._extended))
        return None

    def _substitution(self, addresses: tuple[Address, ...], *, negated: bool) -> Edit:
        mark = self._take()
        pattern, text = self._part(mark), self._part(mark)
        flags = ""
        while self._char and self._char in "gpiI0123456789":
            flags += self._take()
        digits = "".join(one for one in flags if one.isdecimal())
        return Edit(
            "s",
            addresses,
            negated,
            compiled(pattern, extended=self._extended, ignore_case="i" in flags.lower()),
            text,
            0 if "g" in flags else int(digits or 1),
            "p" in flags,
        )

    def _part(self, mark: str) -> str:
        """Read up to the next delimiter, which a backslash escapes."""
        text = ""
        while (char := self._take()) != mark:
            if not char:
                raise SedSyntaxError("unterminated expression")
            if char == "\\":
                follows = self._take()
                text += mark if follows == mark else char + follows
            else:
                text += char
        return text

    def _line(self) -> str:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        if self._text[self._at : end].rstrip().endswith("\\"):  # the text is on the next line
            follows = self._text.find("\n", end + 1)
            end = len(self._text) if follows < 0 else follows
        line, self._at = self._text[self._at : end], end
        return line


class Editor:
    """Applies a script to lines.

    Args:
        script: the commands.
        quiet: print lines only by `p`.
    """

    def __init__(self, script: tuple[Edit, ...], *, quiet: bool) -> None:
        self._script = script
        self._quiet = quiet
        self._open = [False] * len(script)
        """The open ranges."""

    def edit(self, lines: list[str]) -> str:
        r"""Edit lines. Returns the output.

        >>> Editor(read_script("s/a*\\(b\\)/<\\1>/; 3d", extended=False), quiet=False).edit(["aab", "c", "d"])
        '<b>\nc\n'
        """
        out: list[str] = []
        for number, line in enumerate(lines, 1):
            if not self._one(line, number, out, last=number == len(lines)):
                break
        return "".join(f"{one}\n" for one in out)

    def _one(self, line: str, number: int, out: list[str], *, last: bool) -> bool:
        """Edit a line; False after `q`."""
        after: list[str] = []
        shown = goes_on = True
        for place, edit in enumerate(self._script):
            if self._applies(place, edit, line, number, last=last) == edit.negated:
                continue
            edited = _edited(edit, line, number, (out, after))
            shown, goes_on = edited is not None, edit.name != "q"
            if edited is None or not goes_on:
                break
            line = edited
        if shown and not self._quiet:
            out.append(line)
        out += after
        return goes_on

    def _applies(self, place: int, edit: Edit, line: str, number: int, *, last: bool) -> bool:
        match edit.addresses:
            case ():
                return True
            case (one,):
                return one.fits(line, number, last=last)
            case (first, second, *_):
                if not self._open[place]:
                    if not first.fits(line, number, last=last):
                        return False
                    self._open[place] = second.pattern is not None or second.number < 0 or second.number > number
                    return True
                self._open[place] = not second.fits(line, number, last=last)
                return True
            case _:
                return False


def _edited(edit: Edit, line: str, number: int, outputs: tuple[list[str], list[str]]) -> str | None:
    """The line after a command; None if it is deleted. `outputs` are printed before and after the line."""
    out, after = outputs
    match edit.name:
        case "s":
            return _substituted(edit, line, out)
        case "y":
            one, _, other = edit.text.partition("\0")
            return line.translate(str.maketrans(one, other))
        case "p":
            out.append(line)
        case "=":
            out.append(str(number))
        case "a":
            after.append(edit.text)
        case "i" | "c":
            out.append(edit.text)
        case _:
            pass
    return None if edit.name in {"c", "d"} else line


def _substituted(edit: Edit, line: str, out: list[str]) -> str:
    assert edit.pattern is not None  # substitutions have one
    seen = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return found[0] if edit.count > seen else _filled(edit.text, found)

    made = edit.pattern.sub(replaced, line, count=edit.count)
    if edit.prints and seen >= max(edit.count, 1):
        out.append(made)
    return made


def _filled(text: str, found: re.Match[str]) -> str:
    r"""The replacement of a match: `&` is the match, `\1` its first group.

    >>> _filled(r"[&] \1 \&", re.match("a(b)", "ab"))
    '[ab] b &'
    """

    def part(one: re.Match[str]) -> str:
        if one[0] == "&":
            return found[0]
        if one[1].isdecimal():
            return found[int(one[1])] or ""
        return {"n": "\n", "t": "\t"}.get(one[1], one[1])

    return re.sub(r"\\(.)|&", part, text, flags=re.DOTALL)
