"""The shell ends any program that users write, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.kubelet.runtimes.shell.built_ins import BUILT_INS
from kubeactors.kubelet.runtimes.shell.catalogue import COMMANDS
from kubeactors.kubelet.runtimes.shell.knowledge import is_known_script
from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.processes import (
    BUDGET,
    COMMANDS_PER_SECOND,
    SECOND,
    STEP,
    Process,
    Run,
    Sleep,
)
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


LONG = "x=aaaaaaaaaaaaaaaa; x=$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x; x=$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x; "
"""Sets x to 4 KiB."""


@pytest.mark.parametrize(
    "body",
    [
        "y=${x//a/bb}",
        "y=${x#*b}",
        "y=${x%%b*}",
        "case $x in *b*) ;; esac",
        "[[ $x = *b* ]]",
        "set -- $x",
        "cat /data/long > /dev/null",
        "cat /data/long | grep -c '\\(a*\\)\\1b' > /dev/null",
        "echo $x | sed 's/\\(a\\)*\\1b//' > /dev/null",
        "awk 'BEGIN { system(\"cat /data/long\") }' > /dev/null",
    ],
)
def test_a_loop_is_charged_for_the_text_that_its_commands_process(body: str) -> None:
    script = f"{LONG}for i in 1 2 3 4 5 6 7 8; do echo $x$x$x$x$x$x$x$x >> /data/long; done; : > /data/rounds; "
    ran = Ran(f"{script}while :; do {body}; echo >> /data/rounds; done").run(3)
    rounds = len(ran.machine.files.read("/data/rounds"))
    assert 0 < rounds < 3 * COMMANDS_PER_SECOND // 5


def test_a_filter_is_charged_for_the_lines_that_it_reads() -> None:
    lines = 4 * BUDGET // STEP
    ran = Ran("grep -c . /data/lines; echo done")
    assert ran.text == "grep: /data/lines: No such file or directory\ndone\n"
    ran = Ran("sleep 1; grep -c '' /data/lines")
    ran.machine.files.write("/data/lines", b"\n" * lines, 0)
    assert [ran.run(one).process.is_over for one in (2, 1, 3)] == [False, False, True]
    assert ran.text == f"{lines}\n"


def test_debts_are_paid_at_a_fixed_rate() -> None:
    def nothing() -> Run:
        yield Sleep(None)
        return 0

    process = Process(nothing(), 1, None, 0)
    waits = [process.spend(at * SECOND, cost) // SECOND for at, cost in ((0, BUDGET), (0, 1), (0, 2 * BUDGET), (2, 0))]
    assert waits == [0, 1, 3, 3]
    assert process.spend(4 * SECOND) == 4 * SECOND


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("printf '%9999d' $(seq 1 1000); echo $?", "printf: wrong usage\n2\n"),
        ("printf \"$(printf '%%9999d%.0s' $(seq 1 1000))\"; echo $?", "printf: wrong usage\n2\n"),
        ("for i in $(seq 1 501); do mkdir -p /tmp/$i/a; done; cd /tmp; echo */*", "sh: Argument list too long\n"),
        ("seq 1 9999 > /tmp/a; seq 1 2 29999 > /tmp/b; diff /tmp/a /tmp/b; echo $?", "diff: out of memory\n2\n"),
    ],
)
def test_what_would_take_too_much_memory_or_time_fails(script: str, wanted: str) -> None:
    assert Ran(script).run(20).text == wanted


@pytest.mark.parametrize(
    "call", ["toupper(y)", 'split(y, a, "")', 'index(y, "b")', "y ~ /^(a*)*b/", 'gsub(/b/, "", y)']
)
def test_a_loop_of_awk_is_charged_for_the_text_of_its_calls(call: str) -> None:
    text = 'y = sprintf("%9999s", ""); gsub(/ /, "a", y); y = y y y y y y y y y y'
    ran = Ran(f"awk 'BEGIN {{ {text}; while (1) {{ {call}; print > \"/data/rounds\" }} }}'").run(3)
    assert 0 < len(ran.machine.files.read("/data/rounds")) < 3 * BUDGET // 50_000
