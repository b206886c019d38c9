"""Commands that run other commands, and extensions of bash to POSIX."""

import pytest

from kubeactors.kubelet.runtimes.shell.knowledge import is_known
from tests.kubelet.test_shell import Ran

ARRAY = "b c x y foo 4 3 [none]\n"


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("env -i B=2 env; env C=3 sh -c 'echo $C $A'", "B=2\n3 x y\n"),
        ("printf 'a b\\nc' | xargs -n 2 echo got", "got a b\ngot c\n"),
        ("echo one two | xargs -I {} echo '<{}>'; echo | xargs", "<one two>\n\n"),
        ("timeout 5 echo in time; echo $?", "in time\n0\n"),
        ("nohup echo kept; which cat nothing sh; echo $?", "kept\n/bin/cat\n/bin/sh\n1\n"),
        ("echo 'echo from a file $1' > /tmp/x; chmod +x /tmp/x; /tmp/x now", "from a file now\n"),
        ("[[ web-12 =~ -([0-9]+)$ ]] && echo ${BASH_REMATCH[1]}", "12\n"),
        ("[[ $HOSTNAME =~ ^x ]] || echo no", "no\n"),
        ("x='a b'; [[ $x == a* && -n $x ]] && echo like; [[ $x != *c || -z $x ]] && echo unlike", "like\nunlike\n"),
        ("[[ ! -d /nowhere ]] && echo none; if [[ 3 -gt 2 ]]; then echo more; fi", "none\nmore\n"),
        ("[[ '' ]]; echo $?; [[ b > a ]]; echo $?", "1\n0\n"),
        ("[[ a == 'a*' ]]; echo $?", "1\n"),
        ("a=(foo 'b c' $A); i=1; echo ${a[i]} ${a[$i+1]} ${a[-1]} $a ${#a[@]} ${#a[0]} [${a[9]:-none}]", ARRAY),
        (
            'a=(x "y z"\n w); for e in "${a[@]}"; do echo "<$e>"; done; a=(v); a[1]=u; echo ${a[*]}',
            "<x>\n<y z>\n<w>\nv u\n",
        ),
        ("s=text; echo ${s[0]} ${#s[@]} ${s[@]}; echo a[1] [b]", "text 1 text\na[1] [b]\n"),
        (
            "printf 'ab\\ncd' | rev; printf '1\\n2\\n' | tac; printf 'a\\n\\nb\\n' | nl",
            "ba\ndc\n2\n1\n     1\ta\n       \n     2\tb\n",
        ),
        (
            "printf hello | base64; echo aGVsbG8= | base64 -d; echo; echo '#' | base64 -d; echo $?",
            "aGVsbG8=\nhello\nbase64: truncated input\n1\n",
        ),
        ("printf '\\377\\x01' | base64; printf '\\303\\251' | base64", "/wE=\nw6k=\n"),
        ("printf hello | md5sum; sha256sum /data/list | cut -c1-8", "5d41402abc4b2a76b9719d911017c592  -\n75958312\n"),
        ("egrep -c 'p(ear|x)' /data/list; fgrep p.ar /data/list; echo $?", "2\n1\n"),
        (
            "mkdir -p /tmp/d/e; echo 1 > /tmp/d/e/f.txt; find /tmp/d -name '*.txt' -type f; find /tmp/d -maxdepth 1",
            "/tmp/d/e/f.txt\n/tmp/d\n/tmp/d/e\n",
        ),
        ("find /data -type d; find /none; echo $?", "/data\nfind: /none: No such file or directory\n1\n"),
        (
            "printf 'a\\nb\\n' > /tmp/1; printf 'a\\nc\\n' > /tmp/2; diff /tmp/1 /tmp/2; echo $?; diff /tmp/1 /tmp/1",
            "--- /tmp/1\n+++ /tmp/2\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n1\n",
        ),
        ("f=$(mktemp); ls $f > /dev/null && echo made; mktemp -d | grep -c /tmp/tmp.", "made\n1\n"),
        ("stat -c '%n %s' /data/list; realpath ../data/./list; du -s /data", "/data/list 16\n/data/list\n8\t/data\n"),
        ("echo abc | tail -c+2; echo abc | tail -c 2; echo abc | head -c1", "bc\nc\na"),
        (
            "mkdir /a /b; touch /a/x; cp -r /a/. /b; cp -r /a /b; echo 1 > /a/x; cp -n /a/x /b; ls /b; cat /b/x",
            "a\nx\n",
        ),
        (
            "echo abcdef | cut -c -2,4-5; echo a:b:c | cut -d: -f3,1; echo a:b:c | cut -d : -f 2- -O +",
            "abde\na:c\nb+c\n",
        ),
        ("printf 'a b\\nc\\n' | cut -sd ' ' -f2; printf 'a b\\nc\\n' | cut -d ' ' -f 2", "b\nb\nc\n"),
        ("df | tail -n 1 | cut -c1-7; df -h | wc -l", "overlay\n2\n"),
    ],
)
def test_a_script_writes(script: str, wanted: str) -> None:
    assert Ran(script).text == wanted


def test_timeout_ends_a_command_that_runs_too_long() -> None:
    ran = Ran("timeout 3 sleep 100; echo $?")
    assert ran.run(2.9).text == ""
    assert ran.run(0.1).text == "143\n"


def test_ps_shows_the_first_process_and_the_current_command() -> None:
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
def test_whether_a_command_is_supported_is_known_in_advance(command: tuple[str, ...], *, known: bool) -> None:
    assert is_known(command) is known
