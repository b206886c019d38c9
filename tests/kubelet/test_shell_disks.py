"""What commands that cut files into pieces or measure them in scripts print, and their exit codes.

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
            "dd if=n bs=3 count=1; dd if=n bs=4 skip=1 count=1 2>/dev/null; dd if=n of=o bs=4 seek=1 2>/dev/null; head -c 8 o | od -c",
            "one1+0 records in\n1+0 records out\ntwo\n0000000  \\0  \\0  \\0  \\0   o   n   e  \\n\n0000010\n",
        ),
        (
            "dd if=/dev/zero of=z bs=1k count=2; wc -c z; printf XY | dd of=n conv=notrunc 2>/dev/null; head -n 1 n; dd if=nofile; echo $?",
            "2+0 records in\n2+0 records out\n2048 z\nXYe\ndd: can't open 'nofile': No such file or directory\n1\n",
        ),
        (
            "truncate -s 3 n; cat n; echo; truncate -s 1K z; wc -c z; truncate n; echo $?",
            "one\n1024 z\ntruncate: missing operand\n1\n",
        ),
        ("split -l 2 n; ls x*; split -b 10 n part-; cat part-ab", "xaa\nxab\nxac\nree\nfour\nf"),
        (
            "dd if=/dev/zero of=z bs=1M; echo $?; dd foo=1; echo $?; truncate -s +2 n; wc -c n",
            "dd: error writing: No space left on device\n1\ndd: unrecognized operand 'foo'\n1\n26 n\n",
        ),
    ],
)
def test_cutting_commands_work(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "du d; du -a d; du -sh d; du -c d n; du -d1 .; du -s nofile; echo $?",
            "8\td/s\n16\td\n4\td/f\n4\td/s/g.txt\n8\td/s\n16\td\n16.0K\td\n8\td/s\n16\td\n4\tn\n20\ttotal\n16\t./d\n28\t.\ndu: nofile: No such file or directory\n1\n",
        ),
        (
            "stat -c '%a %A %U %G %u %F %s %b %n' n d; ln -s n l; stat -c '%F %N' l; touch y; stat -c %F y; stat nofile; echo $?",
            "644 -rw-r--r-- root root 0 regular file 24 8 n\n755 drwxr-xr-x root root 0 directory 4096 8 d\nsymbolic link 'l' -> 'n'\nregular empty file\nstat: can't stat 'nofile': No such file or directory\n1\n",
        ),
        (
            "stat n | head -n 2; stat n | sed -n 4p; stat -c %y n | wc -c",
            "  File: n\n  Size: 24        \tBlocks: 8          IO Block: 4096   regular file\nAccess: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)\n36\n",
        ),
        (
            "md5sum n > x; md5sum -c x; echo z >> n; md5sum -c x; echo $?; sha256sum n | sha256sum -c",
            "n: OK\nn: FAILED\nmd5sum: WARNING: 1 of 1 computed checksums did NOT match\n1\nn: OK\n",
        ),
    ],
)
def test_measuring_commands_print(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted
