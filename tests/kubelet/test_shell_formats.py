"""What commands that join, compress and dump in scripts print, and their exit codes.

Source: the outputs of busybox 1.35, except for options and commands that it lacks (GNU coreutils 9).
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
            "paste n t | head -n 2; paste -s -d, n; seq 6 | paste -d: - -; seq 3 | paste -sd+; paste -d '\\n' d/f d/f",
            "one\tb 3 x\ntwo\ta 10 y\none,two,three,four,five\n1:2\n3:4\n5:6\n1+2+3\nhi\nhi\n",
        ),
        (
            "printf 'abcdef\\n' | fold -w 4; echo 'the quick brown fox' | fold -sw 10; printf 'a\\tb\\n' | expand -t 4",
            "abcd\nef\nthe quick \nbrown fox\na   b\n",
        ),
        ("printf 'a\\nb\\n' > p; printf 'b\\nc\\n' > q; comm p q; comm -12 p q; comm -13 p q", "a\n\t\tb\n\tc\nb\nc\n"),
        (
            "shuf n | sort | head -n 2; shuf -n 2 n | wc -l; shuf -i 1-3 | sort; shuf -e a b | wc -l",
            "five\nfour\n2\n1\n2\n3\n2\n",
        ),
        (
            "cmp n n; echo $?; cmp n t; echo $?; cmp -s n t; echo $?; printf 'on' | cmp n -; cmp n nofile; echo $?",
            "0\nn t differ: char 1, line 1\n1\n1\ncmp: EOF on -\ncmp: nofile: No such file or directory\n2\n",
        ),
    ],
)
def test_joining_commands_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "gzip -k n; ls n*; gzip -f n; zcat n.gz | head -n 1; gunzip n.gz; ls n*; gzip -c n | gunzip | tail -n 1",
            "n\nn.gz\none\nn\nfive\n",
        ),
        (
            "gzip nofile; echo $?; gunzip n; echo $?; gunzip < n; echo $?",
            "gzip: nofile: No such file or directory\n1\ngunzip: n: unknown suffix - ignored\n1\ngunzip: invalid magic\n1\n",
        ),
        (
            "tar czf x.tgz n d; rm -r n d; tar tzf x.tgz; tar xzf x.tgz; ls; cat d/f",
            "n\nd/\nd/f\nd/s/\nd/s/g.txt\nd\nn\nt\nx.tgz\nhi\n",
        ),
    ],
)
def test_compressing_commands_convert(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "echo hello | od -c; echo hello | od -An -tx1; od -b d/f; printf 'hi' | od -A x -t d1; od -j 4 -N 3 -c n",
            "0000000   h   e   l   l   o  \\n\n0000006\n 68 65 6c 6c 6f 0a\n0000000 150 151 012\n0000003\n000000  104  105\n000002\n0000004   t   w   o\n0000007\n",
        ),
        (
            "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz' | od -x; od -t q n",
            "0000000 6161 6161 6161 6161 6161 6161 6161 6161\n*\n0000060 007a\n0000061\nod: invalid type string 'q'\n",
        ),
        (
            "hexdump -C n; echo hello | hexdump; hexdump -n 2 -C n",
            "00000000  6f 6e 65 0a 74 77 6f 0a  74 68 72 65 65 0a 66 6f  |one.two.three.fo|\n00000010  75 72 0a 66 69 76 65 0a                           |ur.five.|\n00000018\n0000000 6568 6c6c 0a6f                         \n0000006\n00000000  6f 6e                                             |on|\n00000002\n",
        ),
        (
            "echo hello | xxd; xxd -p d/f; xxd -p n | xxd -r -p | head -n 1; xxd -l 5 n",
            "00000000: 6865 6c6c 6f0a                           hello.\n68690a\none\n00000000: 6f6e 650a 74                             one.t\n",
        ),
        ("printf 'ab\\0abcd\\1\\n' | strings; printf 'ab\\0c' | strings -n 2", "abcd\nab\n"),
    ],
)
def test_dumping_commands_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted
