"""Commands that run other commands, and what bash has that POSIX has not."""

import pytest

from kubeactors.kubelet.runtimes.shell.knowledge import is_known
from tests.kubelet.test_shell import Ran


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("env -i B=2 env; env C=3 sh -c 'echo $C $A'", "B=2\n3 x y\n"),
        ("printf 'a b\\nc' | xargs -n 2 echo got", "got a b\ngot c\n"),
        ("echo one two | xargs -I {} echo '<{}>'; echo | xargs", "<one two>\n\n"),
        ("timeout 5 echo in time; echo $?", "in time\n0\n"),
        ("nohup echo kept; which cat nothing sh; echo $?", "kept\n/bin/cat\n/bin/sh\n1\n"),
        ("echo 'echo from a file $1' > /tmp/x; /tmp/x now", "from a file now\n"),
        ("[[ web-12 =~ -([0-9]+)$ ]] && echo ${BASH_REMATCH[1]}", "12\n"),
        ("[[ $HOSTNAME =~ ^x ]] || echo no", "no\n"),
        ("x='a b'; [[ $x == a* && -n $x ]] && echo like; [[ $x != *c || -z $x ]] && echo unlike", "like\nunlike\n"),
        ("[[ ! -d /nowhere ]] && echo none; if [[ 3 -gt 2 ]]; then echo more; fi", "none\nmore\n"),
        ("[[ '' ]]; echo $?; [[ b > a ]]; echo $?", "1\n0\n"),
        ("[[ a == 'a*' ]]; echo $?", "1\n"),
    ],
)
def test_a_script_writes(script: str, wanted: str) -> None:
    assert Ran(script).text == wanted


def test_a_command_that_takes_longer_than_it_may_is_ended() -> None:
    ran = Ran("timeout 3 sleep 100; echo $?")
    assert ran.run(2.9).text == ""
    assert ran.run(0.1).text == "143\n"


def test_the_first_process_and_the_command_in_hand_are_shown() -> None:
    assert Ran("ps").text.splitlines() == ["PID   USER     TIME  COMMAND", "    1 root      0:00 ps"]
    assert Ran("top -b -n 1").process.exit_code == 0
    assert Ran("top").run(60).process.exit_code is None


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (("timeout", "5", "sleep", "9"), True),
        (("timeout", "5", "nginx"), False),
        (("env", "A=1"), True),
        (("/usr/bin/env", "A=1", "nginx"), False),
        (("sh", "-c", "echo | xargs -n 1 make"), False),
        (("sh", "-c", "[[ a =~ b ]] && x=$(make)"), False),
        (("sh", "-c", "[[ a =~ b ]] && echo"), True),
        (("sh", "-c", "[[ (a) ]]"), False),
    ],
)
def test_what_is_known_beforehand_of_a_command(command: tuple[str, ...], *, known: bool) -> None:
    assert is_known(command) is known
