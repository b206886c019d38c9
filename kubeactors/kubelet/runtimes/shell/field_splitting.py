"""Field splitting by IFS. Pure.

Source: POSIX.1-2024, Shell Command Language, 2.6.5 Field Splitting.
"""

import re
from functools import lru_cache

DEFAULT_IFS = " \t\n"


@lru_cache(maxsize=64)
def separator(ifs: str) -> re.Pattern[str]:
    """A separator of fields: blanks of IFS, with at most one other character of IFS, which is the group.

    >>> [one[0] for one in separator(" ,").finditer("a , b  c,,d")]
    [' , ', '  ', ',', ',']
    """
    if not ifs:
        return re.compile(r"(?!)()")
    blanks = "".join(one for one in ifs if one in DEFAULT_IFS)
    others = re.escape("".join(one for one in ifs if one not in DEFAULT_IFS))
    if not others:
        return re.compile(f"[{blanks}]+()")
    if not blanks:
        return re.compile(f"([{others}])")
    return re.compile(f"[{blanks}]*([{others}])[{blanks}]*|[{blanks}]+()")


def split(text: str, ifs: str, count: int) -> list[str]:
    """Split a line as `read` does, into at most `count` fields; the last one is the rest.

    >>> split(" a  b c ", " ", 2), split("a:b:", ":", 2), split("a:b:c:", ":", 2), split(" a ", "", 1)
    (['a', 'b c'], ['a', 'b'], ['a', 'b:c:'], [' a '])
    """
    blanks = "".join(one for one in ifs if one in DEFAULT_IFS)
    rest, fields, finder = text.lstrip(blanks) if blanks else text, list[str](), separator(ifs)
    while len(fields) < count - 1 and (found := finder.search(rest)) is not None:
        fields.append(rest[: found.start()])
        rest = rest[found.end() :]
    last = finder.search(rest)
    if last is not None and last.end() == len(rest):
        rest = rest[: last.start()]
    fields.append(rest.rstrip(blanks) if blanks else rest)
    return fields
