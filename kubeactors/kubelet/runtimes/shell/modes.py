"""Permissions in symbolic form. Pure.

Source: POSIX.1-2024, Utilities, chmod and ls.
"""

import re

from kubeactors.kubelet.runtimes.shell.machine import UsageError

UMASK = 0o022
_CLAUSE = re.compile(r"([ugoa]*)((?:[+=-](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([+=-])([ugorwxXst]*)")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}


def permissions(mode: int) -> str:
    """The permission bits as `ls` shows them.

    >>> permissions(0o755), permissions(0o1777), permissions(0o4644)
    ('rwxr-xr-x', 'rwxrwxrwt', 'rwSr--r--')
    """
    shown = [letter if mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwxrwxrwx")]
    for bit, place, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            shown[place] = letter if shown[place] == "x" else letter.upper()
    return "".join(shown)


def changed(text: str, mode: int, *, is_directory: bool = False) -> int:
    """Apply an octal or symbolic mode to permissions.

    >>> oct(changed("+x", 0o644)), oct(changed("600", 0o644)), oct(changed("a-w,u+w", 0o666))
    ('0o755', '0o600', '0o644')
    >>> oct(changed("u=rwx,g=u,o=", 0o644)), oct(changed("go+X", 0o700)), oct(changed("+w", 0o444))
    ('0o770', '0o711', '0o644')

    Raises:
        UsageError: it is malformed.
    """
    if re.fullmatch(r"[0-7]{1,5}", text, re.ASCII):
        return int(text, 8) & 0o7777
    for clause in text.split(","):
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            raise UsageError(f"invalid mode '{text}'")
        for sign, letters in _ACTION.findall(found[2]):
            mode = _applied(mode, found[1], sign, letters, is_directory=is_directory)
    return mode


def _applied(mode: int, who: str, sign: str, letters: str, *, is_directory: bool) -> int:
    classes = "ugo" if "a" in who or not who else who
    executable = is_directory or bool(mode & 0o111)
    bits = cleared = 0
    for one in classes:
        wanted = sum(_BITS[letter] for letter in "rwx" if letter in letters)
        if "X" in letters and executable:
            wanted |= 1
        for other in "ugo":
            wanted |= mode >> _SHIFTS[other] & 7 if other in letters else 0
        bits |= wanted << _SHIFTS[one]
        cleared |= 7 << _SHIFTS[one]
        if "s" in letters:
            bits |= {"u": 0o4000, "g": 0o2000}.get(one, 0)
    bits |= 0o1000 if "t" in letters else 0
    if not who:
        bits &= ~UMASK
    if sign == "-":
        return mode & ~bits
    return (mode & ~cleared if sign == "=" else mode) | bits
