"""What head, tail, wc, uniq, cat, tr, seq, expr and date in scripts print, and their exit codes.

Source: the outputs of busybox 1.35, except for options that only later versions have.
"""

import pytest

from tests.kubelet.test_shell import Ran

FILES = (
    "mkdir /tmp/x; cd /tmp/x; printf 'b 3 x\\na 10 y\\nc 2 x\\na 1 z\\n' > t; printf 'one\\ntwo\\nthree\\nfour\\nfive\\n' > n; "
    "mkdir -p d/s; echo hi > d/f; echo ho > d/s/g.txt; "
)


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "head -2 n t; head -qn 1 n t; head -v -c 3 d/f",
            "==> n <==\none\ntwo\n\n==> t <==\nb 3 x\na 10 y\none\nb 3 x\n==> d/f <==\nhi\n",
        ),
        ("head -n -3 n; head -c -20 n; head -c 1k n | wc -c", "one\ntwo\none\n24\n"),
        (
            "tail -n 1 n t; tail -qn1 n t; tail -c +22 n; tail +5 n; tail -n+5 n",
            "==> n <==\nfive\n\n==> t <==\na 1 z\nfive\na 1 z\nve\nfive\nfive\n",
        ),
        (
            "head nofile d/f; echo $?; tail nofile; echo $?; head -n x n; tail -c x n",
            "head: nofile: No such file or directory\n==> d/f <==\nhi\n1\ntail: can't open 'nofile': No such file or directory\ntail: no files\n1\nhead: invalid number 'x'\ntail: invalid number 'x'\n",
        ),
    ],
)
def test_head_and_tail_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "wc n; wc -l < n; wc -lw n t; wc -L t; wc -l n",
            "        5         5        24 n\n5\n        5         5 n\n        4        12 t\n        9        17 total\n6 t\n5 n\n",
        ),
        (
            "wc nofile d/f; echo $?",
            "wc: nofile: No such file or directory\n        1         1         3 d/f\n        1         1         3 total\n1\n",
        ),
        (
            "printf 'a x\\nb x\\nc y\\n' | uniq -f1; printf 'ax\\nbx\\n' | uniq -cs1; printf 'a\\nA\\nb\\n' | uniq -i",
            "a x\nc y\n      2 ax\na\nb\n",
        ),
        (
            "printf 'a\\na\\nb\\n' | uniq -d; printf 'a\\na\\nb\\n' | uniq -u; printf 'abc\\nabd\\n' | uniq -w2; uniq n o; wc -l o",
            "a\nb\nabc\n5 o\n",
        ),
        (
            "printf 'a\\n\\n\\tb\\001\\200\\n' | cat -A; printf 'a\\n\\nb\\n' | cat -b; echo x | cat -n d/f -",
            "a$\n$\n^Ib^AM-^@$\n     1\ta\n\n     2\tb\n     1\thi\n     2\tx\n",
        ),
    ],
)
def test_counting_commands_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("echo aabb | tr -s ab xy; echo 'a  b' | tr -s ' '; echo hello | tr -ds l o", "xy\na b\nheo\n"),
        (
            "echo abc1 | tr -cd '[:alpha:]\\n'; echo abc | tr -c 'b\\n' x; echo 'aB-c' | tr '[:lower:][:upper:]-' '[:upper:][:lower:]_'",
            "abc\nxbx\nAb_C\n",
        ),
        ("echo abc | tr '\\141\\142' '[z*]'; echo a-b | tr 'a\\-' xy; echo aé | tr -d é", "zzc\nxyb\na\n"),
        (
            "seq 0.5 0.5 2; seq -w 9 10; seq -s, 3 -1 1; seq 1.5; seq 3 1; seq 3000 | tail -n 1",
            "0.5\n1.0\n1.5\n2.0\n09\n10\n3,2,1\n1\n3000\n",
        ),
        (
            "expr 1 + 2 \\* 3; expr \\( 1 + 2 \\) \\* 3; expr -7 / 2; expr -7 % 3; expr 10 \\< 9; expr a \\< b",
            "7\n9\n-3\n-1\n0\n1\n",
        ),
        (
            "expr abc : 'a\\(.\\)'; expr abc : 'a.*'; expr abc : b; echo $?; expr '' \\| def; expr 0 \\& 1",
            "b\n3\n0\n1\ndef\n0\n",
        ),
        ("expr length hello; expr substr hello 2 3; expr index hello lo; expr match abc ab", "5\nell\n3\n2\n"),
        (
            "expr 1 + a; echo $?; expr 1 +; echo $?; expr 5 / 0; expr; echo $?; expr 3 - 3; echo $?",
            "expr: non-numeric argument\n2\nexpr: syntax error\n2\nexpr: division by zero\nexpr: too few arguments\n2\n0\n1\n",
        ),
        (
            "date -u -d '2020-01-02 03:04' +%s; date -d 2020.01.02-03:04:05; date -d 202001020304.05 +%T",
            "1577934240\nThu Jan  2 03:04:05 UTC 2020\n03:04:05\n",
        ),
        (
            "date -d @86400 -I; date -d @86400 -Iseconds; date -d @0 -R; date -D %Y/%m/%d -d 2020/02/03 +%F",
            "1970-01-02\n1970-01-02T00:00:00+00:00\nThu, 01 Jan 1970 00:00:00 +0000\n2020-02-03\n",
        ),
        (
            "date -d @86400 '+%a %b %e %j %u %V %y %I%p %k|%n%%|%D %R'; date -d foo; echo $?; date foo",
            "Fri Jan  2 002 5 01 70 12AM  0|\n%|01/02/70 00:00\ndate: invalid date 'foo'\n1\ndate: invalid date 'foo'\n",
        ),
        (
            "date -d 2020-01-02T03:04:05+01:00 +%s; date -d '1 day ago' +%F; date -d tomorrow +%F",
            "1577930645\n2025-12-31\n2026-01-02\n",
        ),
        ("yes | head -n 2; yes a b | head -n 1; printf -- '-%s\\n' x", "y\ny\na b\n-x\n"),
    ],
)
def test_other_filters_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


def test_seq_rejects_numbers_that_are_too_long_to_print() -> None:
    assert Ran("seq 1e999999 2e999999; echo $?").text == "seq: invalid number '1e999999'\n1\n"


@pytest.mark.parametrize("option", ["-s", "-f", "1 -s"])
def test_seq_ends_when_the_value_of_its_last_option_is_missing(option: str) -> None:
    assert Ran(f"seq {option}; echo over").text.endswith("over\n")


def test_tail_follows_several_files_and_names_the_one_that_grew() -> None:
    ran = Ran(FILES + "(sleep 1; echo new >> n) & tail -fqn 0 n d/f & tail -f -n 1 n d/f")
    assert ran.text == "==> n <==\nfive\n\n==> d/f <==\nhi\n"
    assert ran.run(3).text == "==> n <==\nfive\n\n==> d/f <==\nhi\nnew\n\n==> n <==\nnew\n"
