"""Expressions compile, evaluate, and fail in the words of Kubernetes."""

import pytest

from kubeactors.apimachinery.cel import CelError, compile_program


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("self.size > 1 && self.name.startsWith('a')", True),
        ("has(self.missing) ? 1 : 2", 2),
        ("self.tags.map(t, t + '!')", ["x!", "y!"]),
        ("self.tags.exists(t, t == 'y') && self.size in [3, 4]", True),
        ("'%s has %d'.format([self.name, self.size])", "abc has 3"),
        ("self.?missing.orValue('none')", "none"),
    ],
)
def test_an_expression_comes_to_a_value(text: str, value: object) -> None:
    it = {"size": 3, "name": "abc", "tags": ["x", "y"]}
    assert compile_program(text, ("self",)).evaluate({"self": it}) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "self.x +",
            (
                "compilation failed: ERROR: <input>:1:9: Syntax error: mismatched input '<EOF>' expecting "
                "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
                "IDENTIFIER}\n | self.x +\n | ........^"
            ),
        ),
        (
            "nosuch == 1",
            (
                "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nosuch' (in container '')"
                "\n | nosuch == 1\n | ^"
            ),
        ),
        ("'x'", "must evaluate to bool but got string"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(CelError) as caught:
        compile_program(text, ("self",), "bool")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.tags['b'] == 1", "no such key: b"),
        ("self.list[4] == 1", "index out of bounds: 4"),
        ("1 / self.zero == 1", "division by zero"),
        ("self.zero < 'a'", "no such overload"),
    ],
)
def test_a_failure_is_told_in_the_words_of_the_original(text: str, message: str) -> None:
    program = compile_program(text, ("self",), "bool")
    with pytest.raises(CelError) as caught:
        program.holds({"self": {"tags": {}, "list": [1], "zero": 0}})
    assert str(caught.value) == message
