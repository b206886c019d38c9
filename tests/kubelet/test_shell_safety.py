"""The shell ends any program that users write, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.kubelet.runtimes.shell.built_ins import BUILT_INS
from kubeactors.kubelet.runtimes.shell.catalogue import COMMANDS
from kubeactors.kubelet.runtimes.shell.knowledge import is_known_script
from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError
from tests.kubelet.test_shell import Ran

NAMES = sorted({*COMMANDS, *BUILT_INS} - {"sleep"})
PARTS = [
    *(
        "'",
        '"',
        "$",
        "`",
        "\\",
        "(",
        ")",
        "((",
        "))",
        "{",
        "}",
        "[",
        "]",
        "&",
        "&&",
        "|",
        "||",
        ";",
        ";;",
        "<",
        ">",
        ">>",
    ),
    *(
        "<<E",
        "\nE\n",
        "\n",
        " ",
        "#",
        "!",
        "*",
        "?",
        "=",
        "-n",
        "-c",
        "-e",
        "-f",
        "-",
        "--",
        "%s",
        "1",
        "0",
        "a",
        "x=1",
    ),
    *(
        "if",
        "then",
        "fi",
        "else",
        "while",
        "do",
        "done",
        "for",
        "in",
        "case",
        "esac",
        "until",
        "$x",
        "${x%",
        "$((",
        "2>&1",
    ),
    *("/tmp/f", "/etc", "/data/list", "/dev/null", "TERM", "99999999999999999999", "é", "\udcff"),
]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([*PARTS, *NAMES]), max_size=25))
def test_any_text_parses_or_is_rejected_and_runs_or_fails(parts: list[str]) -> None:
    text = " ".join(parts) if len(parts) % 2 else "".join(parts)
    try:
        parse(text)
    except ShellSyntaxError:
        assert not is_known_script(text)
    ran = Ran(text).run(2)
    assert ran.process.exit_code is None or 0 <= ran.process.exit_code <= 255


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(["-", "-n", "-c", "-x", "1", "+2", "/data", "/data/list", "[a", ""]), max_size=4),
)
def test_any_command_accepts_any_arguments(name: str, arguments: list[str]) -> None:
    ran = Ran('"$@" < /data/list', name, *arguments).run(2)
    assert ran.process.exit_code is None or 0 <= ran.process.exit_code <= 255
