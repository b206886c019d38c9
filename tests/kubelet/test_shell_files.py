"""What ls and the commands that change files in scripts print, and their exit codes.

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
            "ls -l | cut -c1-42; ls -ld d | cut -c1-42; ls -lh n | cut -c1-40; ls -ln n | cut -c1-42; ls -s n",
            "total 12\ndrwxr-xr-x    3 root     root          409\n-rw-r--r--    1 root     root            2\n-rw-r--r--    1 root     root            2\ndrwxr-xr-x    3 root     root          409\n-rw-r--r--    1 root     root          2\n-rw-r--r--    1 0        0               2\n     4 n\n",
        ),
        (
            "ln -s n l; ls -l l | cut -c1-42; ls -l l | grep -o 'l ->.*'; ls -F; ls -p",
            "lrwxrwxrwx    1 root     root             \nl -> n\nd/\nl@\nn\nt\nd/\nl\nn\nt\n",
        ),
        (
            "ls -R; ls t n d; ls nofile; echo $?",
            ".:\nd\nn\nt\n\n./d:\nf\ns\n\n./d/s:\ng.txt\nn\nt\n\nd:\nf\ns\nls: nofile: No such file or directory\n1\n",
        ),
        (
            "sleep 1; touch d/z d/.h; ls -t d | head -n 1; ls -tr d | tail -n 1; ls -r d; ls -A d; ls -a d; ls -S n t",
            "z\nz\nz\ns\nf\n.h\nf\ns\nz\n.\n..\n.h\nf\ns\nz\nt\nn\n",
        ),
        ("touch -d '2020-01-02 03:04' x; ls -l x | cut -c40-60", "   0 Jan  2  2020 x\n"),
    ],
)
def test_ls_prints(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        (
            "cp n nodir/x; cp nofile x; cp d e; cp n n; cp n t nodir; cp -v n x; mv nofile x; mv n nodir/",
            "cp: can't create 'nodir/x': No such file or directory\ncp: can't stat 'nofile': No such file or directory\ncp: omitting directory 'd'\ncp: 'n' and 'n' are the same file\ncp: can't create 'nodir/n': No such file or directory\ncp: can't create 'nodir/t': No such file or directory\n'n' -> 'x'\nmv: can't rename 'nofile': No such file or directory\nmv: can't rename 'n': Not a directory\n",
        ),
        (
            "cp -r d e; cp -a d/. e; cp -t d n t; find e d; mv n t e; ls e; mv -v d/f d/g",
            "e\ne/f\ne/s\ne/s/g.txt\nd\nd/f\nd/n\nd/s\nd/s/g.txt\nd/t\nf\nn\ns\nt\n'd/f' -> 'd/g'\n",
        ),
        ("cp -n t n; wc -l n; sleep 1; touch n; cp -u t n; wc -l n; cp -u n t; wc -l t", "5 n\n5 n\n5 t\n"),
        (
            "rm d; rm nofile; rm -v n; rm -rf nofile d; rm .; rm -f; echo $?; ls",
            "rm: 'd' is a directory\nrm: can't remove 'nofile': No such file or directory\nremoved 'n'\nrm: can't remove '.' or '..'\n0\nt\n",
        ),
        (
            "mkdir d; mkdir a/b; rmdir d nofile; mkdir -p d/s a/b; ls a",
            "mkdir: can't create directory 'd': File exists\nmkdir: can't create directory 'a/b': No such file or directory\nrmdir: 'd': Directory not empty\nrmdir: 'nofile': No such file or directory\nb\n",
        ),
        (
            "ln -s x d; ls d; ln -sf a l; ln -sf b l; readlink l; ln -s b l; ln nofile y",
            "f\ns\nx\nb\nln: l: File exists\nln: nofile: No such file or directory\n",
        ),
        (
            "touch a/b; touch -c nof; ls; touch -t 202001020304 x; date -r x +%F; touch -r x y; find . -newer y -name x",
            "touch: a/b: No such file or directory\nd\nn\nt\n2020-01-02\n",
        ),
        (
            "chmod a=r,u+w n; ls -l n | cut -c1-10; chmod u=rwx,g=u,o= n; ls -l n | cut -c1-10; chmod 4755 n; ls -l n | cut -c1-10",
            "-rw-r--r--\n-rwxrwx---\n-rwsr-xr-x\n",
        ),
        (
            "chmod -x n; ls -l n | cut -c1-10; chmod -R go= d; ls -l d/f | cut -c1-10; chmod 999 n; chmod foo n; chmod 600 nofile; echo $?",
            "-rw-r--r--\n-rw-------\nchmod: invalid mode '999'\nchmod: invalid mode 'foo'\nchmod: nofile: No such file or directory\n1\n",
        ),
        (
            "basename a/b/; basename a.c .c; basename -s .c a.c b/d.c; basename -a x/a y/b; basename /; dirname /a/; dirname a//b",
            "b\na\na\nd\na\nb\n/\n/\na\n",
        ),
    ],
)
def test_commands_change_files(script: str, wanted: str) -> None:
    assert Ran(FILES + script).run(1).text == wanted


def test_install_copies_with_a_mode_and_creates_directories() -> None:
    script = (
        "cd /tmp; install /data/list one; install -m 600 /data/list two; install -d a/b c; install -D one two d/e; "
    )
    script += (
        "install -D -t x/y one; stat -c '%a %n' one two; find . -type f | sort; ls -d a/b c; install none f; echo $?"
    )
    assert Ran(script).text == (
        "755 one\n600 two\n./d/e\n./one\n./two\n./x/y/one\na/b\nc\n"
        "install: can't stat 'none': No such file or directory\n1\n"
    )


def test_cksum_prints_the_checksum_of_posix() -> None:
    script = r"cd /tmp; printf 'hello\nworld\n' > f; : > g; cksum f g; cksum < f; usleep 1500000; echo late; usleep x"
    ran = Ran(script).run(1)
    assert ran.text == "3795442390 12 f\n4294967295 0 g\n3795442390 12\n"
    assert ran.run(1).text.endswith("12\nlate\nusleep: invalid number 'x'\n")
