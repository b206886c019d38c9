"""What grep, sort, find and xargs in scripts print, and their exit codes.

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
        ("grep -n -A1 -e one -e four n", "1:one\n2-two\n--\n4:four\n5-five\n"),
        ("grep -B1 -n four n; grep -C1 -c two n", "3-three\n4:four\n1\n"),
        ("grep -r h d; grep -rl hi .; grep -Lr hi d", "d/f:hi\nd/s/g.txt:ho\n./d/f\nd/s/g.txt\n"),
        ("grep -m1 o n t; grep -on 'o.' n", "n:one\n1:on\n4:ou\n"),
        ("grep -wi ONE n; grep -xF one n; grep -vc o n", "one\none\n2\n"),
        ("grep one n nofile; echo $?", "n:one\ngrep: nofile: No such file or directory\n2\n"),
        ("grep one d; echo $?; grep -s one nofile; echo $?", "1\n2\n"),
        (
            "echo o | grep -H o; echo o | grep -c o - n; grep -h o n t",
            "(standard input):o\n(standard input):1\nn:3\none\ntwo\nfour\n",
        ),
        ("printf 'a\\nb\\n' > p; grep -f p t | head -n 2", "b 3 x\na 10 y\n"),
        ("grep -E '^(one|t)' n; grep -A x one n; echo $?", "one\ntwo\nthree\ngrep: invalid number 'x'\n2\n"),
        ("grep -q one n nofile; echo $?", "0\n"),
    ],
)
def test_grep_prints(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("sort -k2 -n t", "a 1 z\nc 2 x\nb 3 x\na 10 y\n"),
        ("sort -k1,1 -k2,2nr t", "a 10 y\na 1 z\nb 3 x\nc 2 x\n"),
        ("sort -u -k1,1 t", "a 10 y\nb 3 x\nc 2 x\n"),
        ("sort -t ' ' -k3 -k2n t", "c 2 x\nb 3 x\na 10 y\na 1 z\n"),
        ("sort -s -k3,3 t", "b 3 x\nc 2 x\na 10 y\na 1 z\n"),
        ("printf 'B\\na\\nA\\nb\\n' | sort -f", "A\na\nB\nb\n"),
        (
            "printf '1.10\\n1.9\\n' | sort -V; printf '1e3\\n5\\n' | sort -g; printf 'Feb\\nJan\\n' | sort -M",
            "1.9\n1.10\n5\n1e3\nJan\nFeb\n",
        ),
        ("printf '1M\\n2K\\n3\\n' | sort -h", "3\n2K\n1M\n"),
        ("sort -o n n; cat n | head -n 2; sort -c n; sort -c t; echo $?", "five\nfour\nCheck line 1\n1\n"),
        (
            "sort -k0 n; echo $?; sort -t ab n; sort nofile; echo $?",
            "sort: bad field specification\n2\nsort: bad -t parameter\nsort: nofile: No such file or directory\n2\n",
        ),
    ],
)
def test_sort_prints(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("find d -type f -exec cat {} \\;", "hi\nho\n"),
        ("find d -type f -exec grep -l h {} +", "d/f\nd/s/g.txt\n"),
        ("find d -name s -prune -o -print", "d\nd/f\n"),
        ("find d ! -name f -a -type f -o -name s", "d/s\nd/s/g.txt\n"),
        ("find d \\( -iname 'F' -o -path '*/s' \\) -print", "d/f\nd/s\n"),
        ("find d -mindepth 1 -maxdepth 1 -depth", "d/f\nd/s\n"),
        ("touch d/z; find d -empty; find d -type f -size -1k; find d -size +1k", "d/z\nd/z\nd\nd/s\n"),
        ("find d -name '*.txt' -delete; find d", "d\nd/f\nd/s\n"),
        ("sleep 1; touch d/z; find d -type f -newer d/f; find d -type f -mmin +5", "d/z\n"),
        ("find d -perm 644 -mtime -1 -type f", "d/f\nd/s/g.txt\n"),
        (
            "find d -foo; echo $?; find d -name; find d '('; find d -type x",
            "find: unrecognized: -foo\n1\nfind: -name requires an argument\nfind: unpaired '('\nfind: invalid argument 'x' to '-type'\n",
        ),
        ("find nofile; echo $?", "find: nofile: No such file or directory\n1\n"),
    ],
)
def test_find_prints(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("find d -type f -print0 | xargs -0 cat", "hi\nho\n"),
        ("printf 'a \"b c\" d\\ne' | xargs -n2 echo x", "x a b c\nx d e\n"),
        ("printf 'a b\\n\\nc\\n' | xargs -I % echo [%]", "[a b]\n[c]\n"),
        ("printf 'a b\\nc\\nd\\n' | xargs -L2 echo x", "x a b c\nx d\n"),
        ("printf '' | xargs echo hi; printf '' | xargs -r echo hi", "hi\n"),
        ("echo a b c | xargs -t -n2 echo", "echo a b\na b\necho c\nc\n"),
        ("echo a | xargs false; echo $?; echo a | xargs nosuch 2>/dev/null; echo $?", "123\n127\n"),
        ('echo "a \'b" | xargs; xargs -n x', "xargs: unmatched single quote\nxargs: invalid number 'x'\n"),
    ],
)
def test_xargs_prints(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted
