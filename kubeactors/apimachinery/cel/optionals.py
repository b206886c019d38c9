"""Functions that return optional values, for a library whose functions cannot.

They return a map with an entry, or without; `[?"there"]` after each call makes an optional value of it.

Source: apiserver/pkg/cel/library/format.go (v1.36): `format.named` and `validate`.
"""

import re
from functools import lru_cache

from kubeactors.apimachinery.cel.library.formats import THERE

_TOKEN = re.compile(
    r"""
    (?P<text>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    | (?P<call>\bformat\s*\.\s*named\s*\(|\.\s*validate\s*\()
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=256)
def with_optionals(expression: str) -> str:
    """The expression with `[?"there"]` after each call of such a function.

    >>> print(with_optionals("!format.named(f(')')).value().validate(x).hasValue()"))
    !format.named(f(')'))[?"there"].value().validate(x)[?"there"].hasValue()
    """
    made: list[str] = []
    around: list[bool] = []
    end = 0
    for token in _TOKEN.finditer(expression):
        made.append(expression[end : token.end()])
        end = token.end()
        if token["call"] or token["open"]:
            around.append(bool(token["call"]))
        elif token["close"] and around and around.pop():
            made.append(f'[?"{THERE}"]')
    return "".join(made) + expression[end:]
