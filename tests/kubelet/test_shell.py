"""The shell of simulated containers: output and exit codes of scripts."""

import pytest

from kubeactors.kubelet.runtimes.shell.files import FileSystem, MountPoint, Tree
from kubeactors.kubelet.runtimes.shell.interpreter import run_command
from kubeactors.kubelet.runtimes.shell.knowledge import is_known
from kubeactors.kubelet.runtimes.shell.machine import Call, Machine
from kubeactors.kubelet.runtimes.shell.pipes import Collected, Pipe, Streams
from kubeactors.kubelet.runtimes.shell.processes import COMMANDS_PER_SECOND, MAX_PROCESSES, Processes

SECOND = 1_000_000_000
NOW = 1_767_225_600 * SECOND


class Ran:
    """A script that runs as the first process of a container."""

    def __init__(self, script: str, *arguments: str) -> None:
        self.output = Collected()
        processes = Processes(NOW)
        files = FileSystem(Tree(), (MountPoint("/data", Tree({"list": b"pear\napple\npear\n"})),))
        self.machine = Machine(files, "web-0", processes, self.output)
        streams = Streams(Pipe(closed=True), self.output, self.output)
        call = Call(["sh", "-c", script, "sh", *arguments], {"A": "x y"}, "/", streams, self.machine)
        self.process = processes.spawn(run_command(call), self.machine)
        self.machine.main = self.process
        self.run(0)

    def run(self, seconds: float) -> "Ran":
        processes = self.machine.processes
        processes.advance(processes.clock + int(seconds * SECOND))
        return self

    @property
    def text(self) -> str:
        return self.output.data.decode()


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("echo $A; echo \"$A\" '$A' \\$A", "x y\nx y $A $A\n"),
        ("echo a'b c'\"d\"; echo 'a  b'   c", "ab cd\na  b c\n"),
        ("x=1; y=$x$x; echo ${y}0 ${none:-other} ${A:+set} ${#A}", "110 other set 3\n"),
        ("f=/a/b/c.txt; echo ${f##*/} ${f%/*} ${f%.*} ${f#*/}", "c.txt /a/b /a/b/c a/b/c.txt\n"),
        ("echo $(echo one; echo two) `echo three`", "one two three\n"),
        ("i=5; i=$((i * 2 + 1)); echo $i $((i % 4)) $((i > 3 && 2 < 1))", "11 3 0\n"),
        ("false || echo or; true && echo and; false && echo never; ! false; echo $?", "or\nand\n0\n"),
        ("if false; then echo a; elif [ 1 -lt 2 ]; then echo b; else echo c; fi", "b\n"),
        ("for x in a 'b c' $A; do echo \"<$x>\"; done", "<a>\n<b c>\n<x>\n<y>\n"),
        ("for x; do echo $x; done; echo $# $1", "one\ntwo\n2 one\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done", "1\n3\n"),
        ("i=0; until false; do i=$((i+1)); [ $i -ge 4 ] && break; done; echo $i", "4\n"),
        ("case pear in a*|p*) echo fruit;; *) echo none;; esac", "fruit\n"),
        ('greet() { echo "hello $1"; return 3; }; greet you; echo $?', "hello you\n3\n"),
        ("sort /data/list | uniq -c | sort -rn | head -1", "      2 pear\n"),
        ("grep -c pear < /data/list; wc -l /data/list; cat /data/list | tail -n 1", "2\n3 /data/list\npear\n"),
        ('while read a b; do echo "$b $a"; done <<EOF\n1 2 3\n$A z\nEOF', "2 3 1\ny z x\n"),
        ("cat <<'EOF'\n$A\nEOF", "$A\n"),
        ('set -x; x=1; echo $x "b c"; set +x; echo quiet', "+ x=1\n+ echo 1 'b c'\n1 b c\n+ set +x\nquiet\n"),
        ("(x=2; echo $x; exit 4); echo $? $x", "2\n4\n"),
        ("{ echo out; echo err >&2; } 2>/dev/null; echo on 2>&1", "out\non\n"),
        ("echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f; rm /tmp/f; ls /tmp", "one\ntwo\n"),
        ("mkdir -p /tmp/a/b && touch /tmp/a/b/c && ls /tmp/a/*; rm -r /tmp/a; ls /tmp", "c\n"),
        (
            "date +%Y-%m-%dT%H:%M:%SZ; date -u; date +%s",
            "2026-01-01T00:00:00Z\nThu Jan  1 00:00:00 UTC 2026\n1767225600\n",
        ),
        ("printf '%s=%03d\\n' a 1 b 2; echo -e 'a\\tb'; echo -n end", "a=001\nb=002\na\tb\nend"),
        ("export B=1; C=2 env | grep -E '^[BC]='; hostname; id -u", "B=1\nC=2\nweb-0\n0\n"),
        ("seq 3 | tr '1-3' 'a-c' | cut -c 1; expr 2 + 3; seq 2 2 6", "a\nb\nc\n5\n2\n4\n6\n"),
        ("set -- a b; shift; echo $1; eval 'echo $1'; command -v echo nothing", "b\nb\necho\n"),
        ("cd /etc; pwd; cd /nowhere; pwd", "/etc\nsh: cd: can't cd to /nowhere: No such file or directory\n/etc\n"),
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n"),
        ("N=nosuch; $N; echo $?", "sh: nosuch: not found\n127\n"),
        ("cat /nowhere; echo $?", "cat: can't open '/nowhere': No such file or directory\n1\n"),
        ("# a comment\necho a # another\n\necho b#c", "a\nb#c\n"),
        ("echo one \\\n  two", "one two\n"),
    ],
)
def test_a_script_writes(script: str, wanted: str) -> None:
    assert Ran(script, "one", "two").text == wanted


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 3; echo never", 3),
        ("false", 1),
        ("true; N=nosuch; $N", 127),
        ("set -e; false; exit 9", 1),
        ("set -e; if false; then :; fi; false || true; ! true; exit 9", 9),
        ("true | exit 5", 5),
        ("set -o pipefail; false | true", 1),
        ("echo ${none:?is needed}", 2),
        ("exec sh -c 'exit 6'; exit 1", 6),
        ("x=$(exit 7); exit $?", 7),
        ("yes() { while true; do echo y; done; }; yes | head -n 1", 0),
    ],
)
def test_a_script_exits_with(script: str, code: int) -> None:
    assert Ran(script).run(1).process.exit_code == code


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (("sleep", "5"), True),
        (("/bin/echo",), True),
        (("[x]",), False),
        (("/app/server", "--flag"), False),
        (("/app/echo",), False),
        (("nginx", "-g", "daemon off;"), False),
        (("sh", "-c", "exec nginx"), False),
        (("sh", "-c", "echo; apt-get update"), False),
        (("sh", "-c", "if true; then x=$(apt-get update); fi"), False),
        (("sh", "-c", "f() { echo; }; f && $COMMAND"), True),
        (("sh", "-ec", "echo"), True),
        (("sh", "-c", "if [[ a ]]; then"), False),
        (("sh", "-c", "echo 'open"), False),
        (("bash", "-c", "while true; do sleep 1; done"), True),
        ((), False),
    ],
)
def test_whether_a_command_is_supported_is_known_in_advance(command: tuple[str, ...], *, known: bool) -> None:
    assert is_known(command) is known


def test_time_passes_while_a_script_sleeps() -> None:
    ran = Ran("echo a; sleep 2; echo b; sleep 0.5m; echo c")
    assert ran.run(1.9).text == "a\n"
    assert ran.run(0.1).text == "a\nb\n"
    assert (ran.run(30).text, ran.process.exit_code) == ("a\nb\nc\n", 0)


def test_background_jobs_run_concurrently() -> None:
    ran = Ran("(sleep 3; echo late) & echo now; wait; echo all")
    assert ran.text == "now\n"
    assert ran.run(3).text == "now\nlate\nall\n"


def test_a_pipe_passes_lines_on_as_they_are_written() -> None:
    ran = Ran("(echo a; sleep 5; echo b) | while read x; do echo got $x; done")
    assert ran.text == "got a\n"
    assert ran.run(5).text == "got a\ngot b\n"


def test_tail_follows_a_growing_file() -> None:
    ran = Ran("(for i in 1 2; do sleep 2; echo $i >> /tmp/log; done) & tail -n+1 -F /tmp/log")
    assert ran.run(10).text == "tail: can't open '/tmp/log': No such file or directory\n1\n2\n"
    assert ran.process.exit_code is None


def test_a_trap_runs_after_the_current_command() -> None:
    ran = Ran("trap 'echo bye; exit 5' TERM; while true; do sleep 10; done")
    ran.run(3).machine.signal("TERM")
    assert ran.run(6).text == ""
    assert (ran.run(1).text, ran.process.exit_code) == ("bye\n", 5)


def test_a_signal_interrupts_wait() -> None:
    ran = Ran("trap 'echo bye' TERM; sleep 100 & wait; echo $?")
    ran.machine.signal("TERM")
    assert (ran.run(0).text, ran.process.exit_code) == ("bye\n143\n", 0)


def test_the_first_process_ignores_signals_without_a_trap() -> None:
    ran = Ran("sleep 5; echo done")
    ran.machine.signal("TERM")
    assert ran.run(5).text == "done\n"


def test_a_busy_loop_runs_a_limited_number_of_commands_per_second() -> None:
    ran = Ran("i=0; while true; do i=$((i+1)); echo $i; done")
    first = len(ran.text.splitlines())
    assert 0 < first <= COMMANDS_PER_SECOND
    assert len(ran.run(1).text.splitlines()) <= 2 * COMMANDS_PER_SECOND
    assert ran.process.is_endless


def test_a_script_that_grows_without_bound_fails_alone() -> None:
    ran = Ran("x=aaaaaaaaaaaaaaaa; while true; do x=$x$x$x$x; done")
    assert (ran.text, ran.process.exit_code) == ("sh: out of memory\n", 2)
    assert Ran("f() { f; }; f").process.exit_code == 2
    forked = Ran("while true; do sleep 1000 & done")
    assert (forked.text, forked.process.exit_code) == ("sh: can't fork: Resource temporarily unavailable\n", 2)
    assert forked.process.number < 2 * MAX_PROCESSES
    assert Ran(f"echo $(({50 * '('}1{50 * ')'}))").process.exit_code == 2


def test_a_loop_counts_as_endless_only_if_nothing_can_end_it() -> None:
    assert Ran("while true; do echo x; sleep 1; done").process.is_endless
    assert Ran("while :; do (cat /nowhere; sleep 1); done").process.is_endless
    for script in (
        "while true; do sleep 1; [ -f /tmp/x ] && break; done",
        "while true; do sleep 1; exit 3; done",
        "stop() { exit; }; while true; do sleep 1; stop; done",
        "while true; do sleep 1; $COMMAND; done",
        "set -e; while true; do sleep 1; false; done",
        "while sleep 1; do :; done",
    ):
        assert not Ran(script).process.is_endless
