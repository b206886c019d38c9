"""Commands executed in simulated containers by `exec`."""

import pytest

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.runtimes import (
    Behaviour,
    ContainerConfig,
    ExecConfig,
    Mount,
    PodSandboxConfig,
    SimulatedRuntime,
)
from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output, Stderr, Stdin, StdinClosed, Stdout
from kubeactors.testing.heard import Heard

SECOND = 1_000_000_000
SHOP = Mount(path="/etc/shop", directory="u/shop", files={"colour": b"blue\n", "deep/size": b"12\n"})
DATA = Mount(path="/data", directory="u/data")


class Room:
    """A container in which nothing but `exec` commands runs; times are in seconds."""

    def __init__(self) -> None:
        self.runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0))
        sandbox = self.runtime.run_pod_sandbox(PodSandboxConfig(uid="u", namespace="d", name="web-0"), 0)
        assert sandbox is not None
        self.sandbox_id = sandbox.id
        self.id = self.runtime.create_container(
            sandbox.id, ContainerConfig(container=Container(name="c", image="x"), attempt=0), 0
        )
        self.runtime.start_container(self.id, 0)
        self.now = 0.0

    def exec(self, *command: str, typed: tuple[Input, ...] = (), tty: bool = False) -> Heard[Output]:
        output: Heard[Output] = Heard()
        config = ExecConfig(command=command, env={"HOME": "/root", "A": "x y"}, mounts=(SHOP, DATA), tty=tty)
        execution = self.runtime.exec(self.id, config, output, int(self.now * SECOND))
        for one in typed:
            execution.tell(one)
        return output

    def run(self, seconds: float) -> None:
        """Observe the container whenever something is due, and at the end."""
        end = int((self.now + seconds) * SECOND)
        now = int(self.now * SECOND)
        while (due := self.runtime.next_change(self.sandbox_id, now)) is not None and due <= end:
            now = due
        self.runtime.list_containers(self.sandbox_id, end)
        self.now += seconds


def told(*command: str, typed: tuple[Input, ...] = (), tty: bool = False) -> list[Output]:
    return Room().exec(*command, typed=typed, tty=tty).messages


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("echo", "-n", "a", "b"), [Stdout(b"a b"), Ended(0)]),
        (("printenv", "HOME"), [Stdout(b"/root\n"), Ended(0)]),
        (("printenv", "A", "HOME"), [Stdout(b"x y\n"), Stdout(b"/root\n"), Ended(0)]),
        (("printenv", "NONE"), [Ended(1)]),
        (("cat", "/etc/shop/colour"), [Stdout(b"blue\n"), Ended(0)]),
        (("cat", "/x"), [Stderr(b"cat: can't open '/x': No such file or directory\n"), Ended(1)]),
        (("ls", "/etc/shop"), [Stdout(b"colour\n"), Stdout(b"deep\n"), Ended(0)]),
        (("/bin/hostname",), [Stdout(b"web-0\n"), Ended(0)]),
        (("false",), [Ended(1)]),
        (("sh", "-c", "exit 42"), [Ended(42)]),
        (("sh", "-c", "true && echo $A; false || echo ${HOME}"), [Stdout(b"x y\n"), Stdout(b"/root\n"), Ended(0)]),
        (("sh", "-c", "sh -c 'exit 3'; echo on"), [Stdout(b"on\n"), Ended(0)]),
        (("sh", "-c", "nothing"), [Stderr(b"sh: nothing: not found\n"), Ended(127)]),
        (
            ("sh", "-c", "echo 'open"),
            [Stderr(b"sh: syntax error: unterminated quoted string\n"), Ended(2)],
        ),
        (("sh", "-c", ""), [Ended(0)]),
    ],
)
def test_a_command_produces_output_and_an_exit_code(command: tuple[str, ...], wanted: list[Output]) -> None:
    assert told(*command) == wanted


def test_exec_uses_the_environment_of_the_container() -> None:
    said = told("env")
    assert said[-1] == Ended(0)
    assert isinstance(said[0], Stdout)
    assert {b"HOME=/root", b"A=x y", b"HOSTNAME=web-0"} < set(said[0].data.splitlines())


def test_a_sleeping_command_exits_later() -> None:
    room = Room()
    output = room.exec("sh", "-c", "sleep 2; echo awake")
    room.run(1.5)
    assert output.messages == []
    room.run(1.0)
    assert output.messages == [Stdout(b"awake\n"), Ended(0)]


def test_files_persist_between_exec_commands() -> None:
    room = Room()
    room.exec("sh", "-c", "echo one > /tmp/a; echo two >> /tmp/a; cp /tmp/a /data/b")
    assert room.exec("cat", "/tmp/a", "/data/b").messages == [
        Stdout(b"one\ntwo\n"),
        Stdout(b"one\ntwo\n"),
        Ended(0),
    ]
    assert room.exec("sh", "-c", "echo x > /etc/shop/colour").messages == [
        Stderr(b"sh: can't create /etc/shop/colour: Read-only file system\n"),
        Ended(1),
    ]


def test_a_shell_reads_commands_until_the_end_of_its_input() -> None:
    typed = (Stdin(b"echo on"), Stdin(b"e\nfalse\n"), StdinClosed())
    assert told("sh", typed=typed) == [Stdout(b"one\n"), Ended(1)]


def screen(said: list[Output]) -> bytes:
    return b"".join(one.data for one in said if isinstance(one, Stdout))


def test_an_interactive_shell_prompts_and_echoes_input() -> None:
    typed = (Stdin(b"echo hi\r"), Stdin(b"exit 3\r"))
    said = told("sh", typed=typed, tty=True)
    assert screen(said) == b"$ echo hi\r\nhi\r\n$ exit 3\r\n"
    assert said[-1] == Ended(3)


def test_a_terminal_handles_erased_characters_and_prompts_for_incomplete_commands() -> None:
    typed = (Stdin(b"for x in a bc\x7f; do\r"), Stdin(b"echo $x; done\r"), Stdin(b"\x04"))
    said = told("sh", typed=typed, tty=True)
    assert screen(said) == b"$ for x in a bc\b \b; do\r\n> echo $x; done\r\na\r\nb\r\n$ "
    assert said[-1] == Ended(0)


def test_ctrl_c_interrupts_a_command_but_not_its_shell() -> None:
    typed = (Stdin(b"sleep 100\r"), Stdin(b"\x03"), Stdin(b"echo $?\r"), Stdin(b"exit\r"))
    said = told("sh", typed=typed, tty=True)
    assert screen(said) == b"$ sleep 100\r\n^C\r\n$ echo $?\r\n130\r\n$ exit\r\n"
    assert said[-1] == Ended(0)


def test_input_after_the_exit_is_ignored_and_the_exit_is_reported_once() -> None:
    assert told("cat", typed=(StdinClosed(), Stdin(b"x\n"), HungUp())) == [Ended(0)]


def test_a_client_that_disconnects_ends_its_exec_session() -> None:
    room = Room()
    output = room.exec("sh", "-c", "while true; do echo x; sleep 1; done | cat", typed=(HungUp(),))
    room.run(5.0)
    assert output.messages == [Stdout(b"x\n"), Ended(129)]
    assert room.runtime.next_change(room.sandbox_id, int(room.now * SECOND)) is None


def test_tar_packs_and_unpacks_files() -> None:
    room = Room()
    room.exec("sh", "-c", "mkdir -p /data/one/two; echo deep > /data/one/two/f")
    packed = screen(room.exec("tar", "cf", "-", "/data/one").messages)
    said = room.exec("tar", "-xmf", "-", "-C", "/tmp", typed=(Stdin(packed), StdinClosed())).messages
    assert said == [Ended(0)]
    assert room.exec("cat", "/tmp/data/one/two/f").messages == [Stdout(b"deep\n"), Ended(0)]
    assert screen(room.exec("tar", "tf", "-", typed=(Stdin(packed), StdinClosed())).messages) == (
        b"data/one/\ndata/one/two/\ndata/one/two/f\n"
    )
