"""The part of Go's text/template that stages use.

Supported are text; `{{ PIPELINE }}`, `{{ $x := PIPELINE }}`, `{{ $x = PIPELINE }}`; `if`, `with`, `range` (also
`range $item :=`, `range $index, $item :=`) with `else` and `else if`, and `end`; comments; the trims `{{-` and `-}}`.
A pipeline is made of fields (`.a.b`, `$x.a`, `$`, `.`), strings, numbers, true, false, nil, parentheses, functions and
`|`. The caller provides the functions (`functions.py`). Anything else (`define`, `template`, `block`, `break`,
`continue`, methods, unknown functions) is rejected by name when the template is compiled.

Unlike in the original, a field of nil is nil: objects here omit empty fields.

Source: Go text/template (1.24).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from kubeactors.kubelet.stages.pipeline import Expression, Function, Node, Pipeline, Scope, TemplateError, is_true

_action = re.compile(r"(?s)\{\{(-\s)?\s*(/\*.*?\*/|(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)\s*(\s-)?\}\}")
_unknown = ("define", "template", "block", "break", "continue")


class Template:
    """A compiled template.

    >>> Template("{{ range .items }}{{ . }};{{ end }}", {}).render({"items": [1, 2]})
    '1;2;'

    Args:
        text: the template.
        functions: the functions by name.

    Raises:
        TemplateError: it is malformed or uses an unsupported feature.
    """

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._body = _Compiler(text, functions).body()

    def render(self, data: object, functions: Mapping[str, Function] | None = None) -> str:
        """Execute the template. `functions` replace those of the same name.

        Raises:
            TemplateError: a function failed.
        """
        scope, out = Scope(data), list[str]()
        scope.variables["$"] = data
        scope.variables["funcs"] = functions or {}
        _run(self._body, scope, out)
        return "".join(out)


class _Compiler:
    """Compiles a template to functions, action by action."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._parts = list(_split(text.strip()))
        self._at = 0

    def body(self) -> list[Node]:
        nodes, end = self._block()
        if end:
            raise TemplateError(f"{{{{ {end} }}}} does not belong to anything")
        return nodes

    def _block(self) -> tuple[list[Node], str]:
        """Compile up to the action that ends the block, which is returned; empty at the end of the text."""
        nodes: list[Node] = []
        while self._at < len(self._parts):
            is_action, text = self._parts[self._at]
            self._at += 1
            if not is_action:
                nodes.append(_text(text))
                continue
            first = text.split(maxsplit=1)[0] if text else ""
            if first in ("end", "else"):
                return nodes, text
            nodes.append(self._action(first, text))
        return nodes, ""

    def _action(self, first: str, text: str) -> Node:
        if first in _unknown:
            raise TemplateError(f"{{{{ {first} }}}} is not supported")
        rest = text[len(first) :]
        if first in ("if", "with", "range"):
            return self._branch(first, rest)
        return Pipeline(text, self._functions).statement()

    def _branch(self, kind: str, condition: str) -> Node:
        names, expression = Pipeline(condition, self._functions).condition()
        body, end = self._block()
        otherwise: list[Node] = []
        if end.startswith("else"):
            rest = end[len("else") :].strip()
            first = rest.split(maxsplit=1)[0] if rest else ""
            if first in ("if", "with"):
                otherwise = [self._branch(first, rest[len(first) :])]
                end = "end"
            elif rest:
                raise TemplateError(f"{{{{ {end} }}}} is not supported")
            else:
                otherwise, end = self._block()
        if end != "end":
            raise TemplateError(f"{{{{ {kind}{condition} }}}} has no end")
        make = {"if": _if, "with": _with, "range": _range}[kind]
        return make(names, expression, body, otherwise)


def _split(text: str) -> Iterator[tuple[bool, str]]:
    """Yield text and actions in turn, with trim markers applied."""
    at, trim = 0, False
    for found in _action.finditer(text):
        before = text[at : found.start()]
        before = before.lstrip() if trim else before
        yield False, before.rstrip() if found[1] else before
        if not found[2].startswith("/*"):
            yield True, found[2].strip()
        at, trim = found.end(), bool(found[3])
    yield False, text[at:].lstrip() if trim else text[at:]
    if "{{" in text[at:]:
        raise TemplateError(f"an action is not closed: {text[text.index('{{', at) :][:40]!r}")


def _run(nodes: Sequence[Node], scope: Scope, out: list[str]) -> None:
    for node in nodes:
        node(scope, out)


def _text(text: str) -> Node:
    return lambda _, out: out.append(text)


def _if(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        value, inner = expression(scope), Scope(scope.dot, scope)
        inner.variables |= dict.fromkeys(names, value)
        _run(body if is_true(value) else otherwise, inner, out)

    return run


def _with(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        value = expression(scope)
        inner = Scope(value if is_true(value) else scope.dot, scope)
        inner.variables |= dict.fromkeys(names, value)
        _run(body if is_true(value) else otherwise, inner, out)

    return run


def _range(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        items = list(_items(expression(scope)))
        for key, value in items:
            inner = Scope(value, scope)
            inner.variables |= dict(zip(names, (key, value) if len(names) > 1 else (value,), strict=False))
            _run(body, inner, out)
        if not items:
            _run(otherwise, Scope(scope.dot, scope), out)

    return run


def _items(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, Mapping):
        yield from sorted(cast("Mapping[str, object]", value).items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from enumerate(cast("Sequence[object]", value))
    elif value is not None:
        raise TemplateError(f"range cannot go through {value!r}")
