"""The commands that can be run in simulated containers."""

import pytest

from kubeactors.kubelet.runtimes import ExecConfig
from kubeactors.kubelet.runtimes.commands import Execution
from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output, Paused, Stderr, Stdin, StdinClosed, Stdout
from kubeactors.testing.heard import Heard

FILES = {"/etc/shop/colour": b"blue\n", "/etc/shop/deep/size": b"12\n"}


def told(*command: str, typed: tuple[Input, ...] = (), tty: bool = False) -> list[Output]:
    output: Heard[Output] = Heard()
    config = ExecConfig(command=command, env={"HOME": "/root", "A": "x y"}, files=FILES, tty=tty)
    execution = Execution(config, "web-0", output)
    for one in typed:
        execution.tell(one)
    return output.messages


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("echo", "-n", "a", "b"), [Stdout(b"a b"), Ended(0)]),
        (("printenv", "HOME"), [Stdout(b"/root\n"), Ended(0)]),
        (("printenv", "NONE"), [Ended(1)]),
        (("env",), [Stdout(b"HOME=/root\nA=x y\n"), Ended(0)]),
        (("cat", "/etc/shop/colour"), [Stdout(b"blue\n"), Ended(0)]),
        (("cat", "/x"), [Stderr(b"cat: can't open '/x': No such file or directory\n"), Ended(1)]),
        (("ls", "/etc/shop"), [Stdout(b"colour\ndeep\n"), Ended(0)]),
        (("/bin/hostname",), [Stdout(b"web-0\n"), Ended(0)]),
        (("false",), [Ended(1)]),
        (("sleep", "2"), [Paused(2.0), Ended(0)]),
        (("sh", "-c", "exit 42"), [Ended(42)]),
        (("sh", "-c", "true && echo $A; false || echo ${HOME}"), [Stdout(b"x y\n"), Stdout(b"/root\n"), Ended(0)]),
        (("sh", "-c", "sh -c 'exit 3'; echo on"), [Stdout(b"on\n"), Ended(0)]),
        (("sh", "-c", "nothing"), [Stderr(b"sh: nothing: not found\n"), Ended(127)]),
        (("sh", "-c", "echo 'open"), [Stderr(b"sh: syntax error: No closing quotation\n"), Ended(2)]),
        (("sh", "-c", ""), [Ended(0)]),
    ],
)
def test_a_command_writes_and_ends(command: tuple[str, ...], wanted: list[Output]) -> None:
    assert told(*command) == wanted


def test_a_shell_takes_lines_until_there_are_no_more() -> None:
    typed = (Stdin(b"echo on"), Stdin(b"e\nfalse\n"), StdinClosed())
    assert told("sh", typed=typed) == [Stdout(b"one\n"), Ended(1)]


def test_a_shell_at_a_terminal_prompts_and_shows_what_is_typed() -> None:
    typed = (Stdin(b"echo hi\r"), Stdin(b"exit 3\r"))
    said = told("sh", typed=typed, tty=True)
    assert b"".join(one.data for one in said if isinstance(one, Stdout)) == b"$ echo hi\r\nhi\r\n$ exit 3\r\n"
    assert said[-1] == Ended(3)


def test_what_is_typed_after_the_end_is_ignored_and_the_end_is_told_once() -> None:
    assert told("cat", typed=(StdinClosed(), Stdin(b"x\n"), HungUp())) == [Ended(0)]
