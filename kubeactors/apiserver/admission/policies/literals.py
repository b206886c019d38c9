"""Object literals of mutating policies, rewritten as maps.

Kubernetes has a CEL type for every object. Here `Object.spec{replicas: 3}` is read as `{"replicas": 3}`, so an unknown
field is found when the policy is applied, not when it is written.

Source: apiserver/pkg/admission/plugin/policy/mutating/patch, pkg/cel/mutation (v1.36).
"""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    (?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    | (?P<type>(?:Object(?:\s*\.\s*\w+)*|JSONPatch)\s*\{)
    | (?P<field>`[^`]+`|[A-Za-z_]\w*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OBJECT = "object"


@lru_cache(maxsize=256)
def as_maps(expression: str) -> str:
    """The expression with maps in place of object literals.

    >>> as_maps("Object{spec: Object.spec{replicas: object.spec.replicas + 1}}")
    '{"spec": {"replicas": object.spec.replicas + 1}}'
    """
    made: list[str] = []
    around: list[str] = []
    expects_field = False
    for token in _TOKEN.finditer(expression):
        text, kind = token[0], token.lastgroup
        if kind == "type":
            around.append(_OBJECT)
            made.append("{")
            expects_field = True
            continue
        if kind == "field" and expects_field:
            text = f'"{text.strip("`")}"'
        elif kind == "open":
            around.append(text)
        elif kind == "close" and around:
            around.pop()
        made.append(text)
        if not text.isspace():
            expects_field = text == "," and around[-1:] == [_OBJECT]
    return "".join(made)
