"""Templates: what they render, as Go's text/template does, and what is rejected."""

import pytest

from kubeactors.kubelet.stages.functions import ALL, local
from kubeactors.kubelet.stages.pipeline import TemplateError
from kubeactors.kubelet.stages.template import Template

DATA = {
    "a": "x",
    "n": 3,
    "items": [{"name": "one"}, {"name": "two"}],
    "map": {"k": "v"},
    "no": False,
    "text": 'say "hi"',
}


class World:
    def now(self) -> str:
        return "2026-01-01T00:00:00Z"

    def node_ip(self, node: str) -> str:
        return "10.0.0.1" if node == "node-1" else ""

    def pod_ip(self, node: str, uid: str) -> str:
        return f"{uid} on {node}"


def rendered(text: str) -> str:
    return Template(text, ALL).render(DATA, local(World(), "node-1", "u"))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ .a }} {{.n}}", "x 3"),
        ("{{ .missing.deeper }}", "<no value>"),
        ("{{ if .no }}yes{{ else if .a }}else{{ else }}no{{ end }}", "else"),
        ("{{ if not .no }}yes{{ end }}", "yes"),
        ("{{ with .map }}{{ .k }}{{ else }}none{{ end }}", "v"),
        ("{{ with .missing }}{{ . }}{{ else }}none{{ end }}", "none"),
        ("{{ range .items }}{{ .name }},{{ end }}", "one,two,"),
        ("{{ range $i, $one := .items }}{{ $i }}={{ $one.name }} {{ end }}", "0=one 1=two "),
        ("{{ range .missing }}x{{ else }}nothing{{ end }}", "nothing"),
        ("{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}", "kv"),
        ('{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ end }}{{ $x }}', "b"),
        ('{{ $x := "a" }}{{ if true }}{{ $x := "b" }}{{ end }}{{ $x }}', "a"),
        ("{{ $root := . }}{{ range .items }}{{ $root.a }}{{ end }}", "xx"),
        ("{{ range .items }}{{ $.a }}{{ end }}", "xx"),
        ('{{ or .missing "d" }} {{ and .a .n }} {{ eq .a "y" "x" }} {{ ne .n 3 }}', "d 3 true false"),
        ("{{ lt .n 4 }} {{ ge .n 3 }} {{ len .items }}", "true true 2"),
        ('{{ index .items 1 "name" }} {{ index .map "k" }} {{ index .items 9 }}', "two v <no value>"),
        ('{{ printf "%s-%d" .a .n }} {{ printf "kwok-%s" Version }}', "x-3 kwok-v0.8.0"),
        ("{{ .text | Quote }}", '"say \\"hi\\""'),
        ('{{ .n | printf "%d!" }}', "3!"),
        ('{{ or $.missing.x `""` }}', '""'),
        ('{{ $a := or .missing dict }}{{ or (index $a "k") "none" }}', "none"),
        ("a {{- /* nothing */ -}} b", "ab"),
        ("a {{- .a -}} b", "axb"),
        ("{{ Now }} {{ NodeIP }} {{ NodeName }}", "2026-01-01T00:00:00Z 10.0.0.1 node-1"),
        ('{{ PodIPWith "n" false "v" "" "" }} {{ PodIPWith "node-1" true }}', "v on n 10.0.0.1"),
        ('{{ with NodeIPsWith "node-1" }}{{ index . 0 }}{{ end }}{{ with NodeIPsWith "x" }}never{{ end }}', "10.0.0.1"),
        ("{{ range NodeConditions }}{{ .type }}={{ .status }} {{ end }}", "Ready=True MemoryPressure=False "),
        ("{{ YAML .map 1 }}", "\n  k: v\n  "),
    ],
)  # fmt: skip
def test_a_template_renders_as_in_go(text: str, made: str) -> None:
    assert rendered(text).startswith(made) if "NodeConditions" in text else rendered(text) == made


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ toJson . }}", 'function "toJson" is not supported; there are and, or, '),
        ('{{ define "x" }}{{ end }}', "{{ define }} is not supported"),
        ("{{ if .a }}", "has no end"),
        ("{{ end }}", "does not belong to anything"),
        ("{{ .a ", "an action is not closed"),
        ("{{ .a | .b }}", "what is piped needs a function"),
        ("{{ (or .a .b }}", "a parenthesis is not closed"),
        ("{{ range .items }}{{ break }}{{ end }}", "{{ break }} is not supported"),
        ("{{ $x := }}", "a value is expected"),
        ("{{ .a % 2 }}", "is not supported"),
        ("{{ if .a }}{{ else range .b }}{{ end }}", "is not supported"),
    ],
)
def test_unknown_syntax_is_rejected_by_name(text: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as error:
        Template(text, ALL)
    assert sentence in str(error.value)


def test_errors_of_templates_are_reported() -> None:
    with pytest.raises(TemplateError, match=r"range cannot go through 3"):
        rendered("{{ range .n }}{{ end }}")
    with pytest.raises(TemplateError, match=r"variable \$x is not declared"):
        rendered("{{ $x }}")
