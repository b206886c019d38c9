"""CEL expressions compile, evaluate, and fail with the messages of Kubernetes."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kubeactors.apimachinery.cel import CelError, compile_program, program
from kubeactors.apimachinery.cel.budget import Budget, OutOfBudget
from kubeactors.apimachinery.cel.library.authorizer import Question, Verdict, answering, asking
from kubeactors.apimachinery.cel.program import CelMissing


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
def test_an_expression_evaluates_to_a_value(text: str, value: object) -> None:
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
def test_an_invalid_condition_is_rejected(text: str, message: str) -> None:
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
def test_an_evaluation_error_has_the_message_of_kubernetes(text: str, message: str) -> None:
    program = compile_program(text, ("self",), "bool")
    with pytest.raises(CelError) as caught:
        program.holds({"self": {"tags": {}, "list": [1], "zero": 0}})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quantity('1Gi').isGreaterThan(quantity('1000M'))", True),
        ("quantity('1') == quantity('1000m')", True),
        ("quantity('1').add(quantity('500m')).sub(1).compareTo(quantity('0.5'))", 0),
        ("quantity('2k').asInteger() + quantity('-1').sign()", 1999),
        ("quantity('500m').isInteger() || isQuantity('1x')", False),
        ("quantity('500m').asApproximateFloat()", 0.5),
        ("ip('10.0.0.1').family() == 4 && ip('::1').family() == 6", True),
        ("ip.isCanonical('::0') || isIP('010.0.0.1') || isIP('::ffff:1.2.3.4')", False),
        ("ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('8.8.8.8').isGlobalUnicast()", True),
        ("ip('224.0.0.1').isLinkLocalMulticast() && ip('169.254.0.1').isLinkLocalUnicast()", True),
        ("cidr('10.1.0.0/8').containsIP('10.2.3.4') && !cidr('10.1.0.0/8').containsIP(ip('11.0.0.1'))", True),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !isCIDR('10.0.0.0/33')", True),
        ("cidr('10.1.0.0/8').masked() == cidr('10.0.0.0/8') && cidr('10.1.0.0/8').ip() == ip('10.1.0.0')", True),
        ("cidr('10.1.0.0/8').prefixLength()", 8),
        ("url('https://u@example.com:80/a?k=v').getHost()", "example.com:80"),
        ("url('https://[::1]:80/').getHostname() + url('https://[::1]:80/').getPort()", "::180"),
        ("url('https://example.com/a?k=v&k=w').getQuery()", {"k": ["v", "w"]}),
        ("url('/a:b/c%20d').getEscapedPath()", "/a:b/c%20d"),
        ("isURL('example.com') || url('ftp://x/y').getScheme() != 'ftp'", False),
        ("semver('1.10.0').isGreaterThan(semver('1.9.0')) && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))", True),
        ("semver('1.2.3').minor() + semver('1.2.3').patch()", 5),
        ("isSemver('1.2')", False),
        ("[1, 2, 3].sum() + [3, 1].min() + [3, 1].max()", 10),
        ("[1, 2].isSorted() && !['b', 'a'].isSorted()", True),
        ("sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])", True),
        ("'abc123'.find('[0-9]+') + 'x'.find('y')", "123"),
        ("'a1b2c3'.findAll('[0-9]', 2)", ["1", "2"]),
        ("'a MONDAY'.find('((?i)mon|tues)DAY$')", "MONDAY"),
    ],
)
def test_the_libraries_of_kubernetes_are_available(text: str, value: object) -> None:
    assert compile_program(text, ()).evaluate({}) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantity('x')", "quantities must match the regular expression"),
        ("ip('10.0.0.256')", "'10.0.0.256' does not appear to be an IPv4 or IPv6 address"),
        ("quantity('1').isGreaterThan(ip('10.0.0.1'))", "no such overload"),
        ("url('/a b')", "URL parse error during conversion from string: parse '/a b': invalid URI for request"),
        ("[].max()", "max called on empty list"),
    ],
)
def test_an_invalid_argument_of_a_library_function_is_an_error(text: str, message: str) -> None:
    with pytest.raises(CelError) as caught:
        compile_program(text, ()).evaluate({})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("format.dns1123Label().validate('web').hasValue()", False),
        ("format.dns1123Label().validate('Web').value()[0].startsWith('a lowercase RFC 1123 label')", True),
        ("format.dns1123LabelPrefix().validate('web-').hasValue()", False),
        ("format.dns1123Label().validate('web-').hasValue()", True),
        ("format.named('date').value().validate('2024-02-30').orValue([]).join(',')", "invalid date"),
        ("format.named('nosuch').hasValue()", False),
        ("!format.datetime().validate('2024-02-29T00:00:00Z').hasValue()", True),
        ("format.uuid().validate('x').value()", ["does not match the UUID format"]),
        ("format.byte().validate('a===').hasValue() && !format.byte().validate('YQ==').hasValue()", True),
    ],
)
def test_formats_report_the_errors_of_a_string(text: str, value: object) -> None:
    assert compile_program(text, ()).evaluate({}) == value


def test_compilation_errors_refer_to_the_text_as_written() -> None:
    with pytest.raises(CelError, match=r"1:48: undeclared reference to 'nosuch'[^?]*$"):
        compile_program("format.dns1123Label().validate('a') != null && nosuch", ())


ASKING = "authorizer.group('apps').resource('deployments').namespace('ns').name('web').check('delete')"


def test_an_authorization_check_has_all_its_attributes() -> None:
    asked: list[Question] = []

    def answer(question: Question) -> Verdict:
        asked.append(question)
        return Verdict(allowed=question.account == "ns:robot", reason="because")

    def said(text: str) -> object:
        variables = {"authorizer": asking(resource="pods", namespace="ns")}
        with answering(answer):
            return compile_program(text, ("authorizer",)).evaluate(variables)

    assert said(f"{ASKING}.allowed()") is False
    assert said("authorizer.serviceAccount('ns', 'robot').path('/healthz').check('get').allowed()") is True
    assert said("authorizer.requestResource.check('get').reason()") == "because"
    assert said(f"{ASKING}.errored() || {ASKING}.error() != ''") is False
    assert asked[:3] == [
        Question(verb="delete", group="apps", resource="deployments", namespace="ns", name="web"),
        Question(verb="get", account="ns:robot", path="/healthz"),
        Question(verb="get", resource="pods", namespace="ns"),
    ]


def test_an_incomplete_authorization_check_is_an_error() -> None:
    with answering(lambda _: Verdict(allowed=True)), pytest.raises(CelError, match="no such overload"):
        compile_program("authorizer.group('apps').check('get').allowed()", ("authorizer",)).evaluate(
            {"authorizer": asking()}
        )


PAIRS = "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))"


def test_an_expensive_expression_is_not_evaluated() -> None:
    program = compile_program(PAIRS, ("self",))
    Budget().charge(program, {"self": [*range(10)]})
    with pytest.raises(CelError, match="actual cost limit exceeded"):
        Budget().charge(program, {"self": [*range(1000)]})


UNIQUE_PARENTS = """
self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name
  && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == ''))
    || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))
"""
"""A rule like one of the Gateway API."""


def test_absent_values_cost_nothing() -> None:
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a"}
    values = {"self": [parent, {**parent, "name": "b", "sectionName": None}]}
    Budget().charge(compile_program(UNIQUE_PARENTS, ("self",)), values)
    of_none = compile_program(
        "object != null || oldObject.metadata.annotations.all(k, k == 'x')", ("object", "oldObject")
    )
    Budget().charge(of_none, {"object": {"x": "y" * 1_000_000}, "oldObject": None})


def test_deep_values_are_measured_in_linear_time() -> None:
    deep: dict[str, object] = {"x": "y" * 1000}
    for _ in range(60):  # exponential if each level were visited twice
        deep = {"one": deep, "other": {"x": "y"}}
    program = compile_program("self.all(k, k != 'x' && self.exists(l, l == 'one'))", ("self",))
    Budget().charge(program, {"self": deep})


def test_a_computed_value_is_at_most_as_large_as_its_inputs() -> None:
    program = compile_program("self.?a.orValue([]).all(x, self.?a.orValue([]).exists_one(y, x == y))", ("self",))
    Budget().charge(program, {"self": {"a": ["one", "two", "three"]}})
    with pytest.raises(CelError, match="actual cost limit exceeded"):
        Budget().charge(program, {"self": {"a": ["a long one"] * 1000}})


def test_expressions_about_one_request_share_a_budget() -> None:
    program, budget, values = compile_program(PAIRS, ("self",)), Budget(), {"self": [*range(45)]}
    budget.charge(program, values)
    with pytest.raises(OutOfBudget):  # noqa: PT012 -- in any of the calls
        for _ in range(100):
            budget.charge(program, values)


def test_cheap_expressions_are_not_counted() -> None:
    budget = Budget()
    program = compile_program("self.name.startsWith('a') && self.tags.exists(t, t == 'b')", ("self",))
    for _ in range(1000):
        budget.charge(program, {"self": {"name": "a", "tags": ["a", "b"]}})


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulate a system without the library."""
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    _forget()
    yield
    _forget()


def _forget() -> None:
    program._environment.cache_clear()
    compile_program.cache_clear()


@pytest.mark.usefixtures("no_library")
def test_without_the_library_the_error_names_what_is_missing() -> None:
    with pytest.raises(CelMissing, match="need the package cel-expr-python, which is not installed"):
        compile_program("self.size > 1", ("self",))


@pytest.mark.parametrize(
    ("system", "wanted"),
    [
        ({"sys_platform": "linux", "platform_machine": "x86_64"}, True),
        ({"sys_platform": "linux", "platform_machine": "aarch64"}, True),
        ({"sys_platform": "linux", "platform_machine": "riscv64"}, False),
        ({"sys_platform": "darwin", "platform_machine": "x86_64"}, True),
        ({"sys_platform": "darwin", "platform_machine": "arm64"}, True),
        ({"sys_platform": "win32", "platform_machine": "AMD64"}, True),
        ({"sys_platform": "win32", "platform_machine": "ARM64"}, False),
        ({"sys_platform": "linux", "platform_machine": "x86_64", "implementation_name": "pypy"}, False),
    ],
)
def test_the_library_is_a_dependency_where_it_is_available(system: dict[str, str], *, wanted: bool) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (it,) = (one for one in map(Requirement, project["dependencies"]) if one.name == "cel-expr-python")
    assert it.marker is not None
    usual = {"implementation_name": "cpython", "python_version": "3.13"}
    assert it.marker.evaluate({**usual, **system}) is wanted
