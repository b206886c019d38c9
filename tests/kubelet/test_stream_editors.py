"""Output of `awk` and `sed` in scripts."""

import pytest

from tests.kubelet.test_shell import Ran

TABLE = "printf 'name cpu\\nweb 10\\ndb 250\\nweb 5\\n' | "


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("awk '{print $1}'", "name\nweb\ndb\nweb\n"),
        ("awk 'NR>1 {print $2, $1}'", "10 web\n250 db\n5 web\n"),
        ("awk '/^web/ {n++; sum += $2} END {print n, sum, sum/n}'", "2 15 7.5\n"),
        ("awk 'NR==2,/db/'", "web 10\ndb 250\n"),
        ("awk '$2 > 9 && $1 != \"db\"'", "name cpu\nweb 10\n"),
        ('awk \'{a[$1]+=$2} END {for (k in a) if (k != "name") printf "%s=%d\\n", k, a[k]}\'', "web=15\ndb=250\n"),
        ("awk -F= -v x=3 'BEGIN {print x*2; exit} {print}'", "6\n"),
        ("awk 'END {print NR, NF, $NF, length($0)}'", "4 2 5 5\n"),
        ('awk \'{sub(/e/, "<&>"); print toupper(substr($1, 1, 2)) "-" NF}\' | head -n 2', "NA-2\nW<-2\n"),
        ('awk \'NR==1 {n=split("a:b:c", p, ":"); for (i=n; i>0; i--) printf "%s", p[i]; print ""}\'', "cba\n"),
        ('awk \'{$2="x"; print; next; print "never"}\' | tail -n 1', "web x\n"),
        ("awk '!seen[$1]++ {print $1}'", "name\nweb\ndb\n"),
        ("awk 'BEGIN {while (i < 3) {if (i == 1) {i += 1; continue} print i++}} '", "0\n2\n"),
        ('awk \'BEGIN {x = 2 ^ 3 % 5; print x == 3 ? "yes" : "no", -x, index("abc", "c"), int(7/2)}\'', "yes -3 3 3\n"),
        ("awk '$1 ~ /^d/ {print $1; exit 3}'; echo $?", "db\n3\n"),
        ("sed ':a;ba'; echo $?", "sed: wrong usage\n2\n"),
        ("sed '//p'; echo $?", "sed: no previous regexp\n1\n"),
        ("awk '{print $1' ; echo $?", "awk: cmd. line:1: syntax error at ''\n2\n"),
        ("awk '{print > \"f\"}'; echo $?", "awk: cmd. line:1: syntax error at '> \"f\"}'\n2\n"),
        ("sed 's/web/app/; s/\\([0-9]\\)0$/\\1 0/' | tail -n 3", "app 1 0\ndb 25 0\napp 5\n"),
        ("sed -E 's/(.)(.)/\\2\\1/g;1d' | head -n 1", "ew b01\n"),
        ("sed -n '/db/,$p'", "db 250\nweb 5\n"),
        ("sed '/web/d'", "name cpu\ndb 250\n"),
        ("sed -n 2p; sed -n '$p' /data/list", "web 10\npear\n"),
        ("sed '2q' | sed '1!s#^#/#'", "name cpu\n/web 10\n"),
        ("sed -e '1i first' -e '$a last' | sed -n '1p;$='", "first\n6\n"),
        ("sed 'y/abc/xyz/' | tail -n 1", "wey 5\n"),
        ("sed '1c\\\nhead' | head -n 1", "head\n"),
        ("sed 's/e/E/2p' -n; echo a.b | sed 's/[.]/\\//'", "a/b\n"),
        ("sed 'b x'; echo $?", "sed: can't find label for jump to 'x'\n1\n"),
        ("sed -n '1!G;h;$p' /data/list", "pear\napple\npear\n"),
        ("sed ':a;N;$!ba;s/\\n/,/g'", "name cpu,web 10,db 250,web 5\n"),
        ("sed -n '/web/{s/web/app/;/1/!p}'", "app 5\n"),
        ("sed '$!N;s/\\n/+/;P;D'", "name cpu+web 10\ndb 250+web 5\n"),
        ("sed 'n;d'", "name cpu\ndb 250\n"),
        ("sed '1,2{/cpu/b;d};3,+5d'", "name cpu\n"),
        ("sed '2~2d' | sed '0,/name/s/name/NAME/'", "NAME cpu\ndb 250\n"),
        ("sed -e ':a' -e 's/^\\(.\\{1,7\\}\\)$/ \\1/;ta'", "name cpu\n  web 10\n  db 250\n   web 5\n"),
        ("sed '/web/c\\\nx\\\ny' | sed '1,2c z'", "z\ny\ndb 250\nx\ny\n"),
        ("sed '2r /data/list' | sed -n '2,3p'; sed -n 'w /tmp/w' /data/list; tail -n 1 /tmp/w", "web 10\npear\npear\n"),
        (
            "sed 's/x*/-/g;3q' | tail -n 1; sed '/db/q7' >/dev/null </data/list; echo q | sed 'q7'; echo $?",
            "-d-b- -2-5-0-\nq\n7\n",
        ),
        ("sed '/db/Q3'; echo $?", "name cpu\nweb 10\n3\n"),
        ("sed -n '1l;\\,db,{=;s//<&>/p}'", "name cpu$\n3\n<db> 250\n"),
        ("sed 's/\\bd\\|[]x[:digit:]]\\+$/<&>/2;s/WEB/I/I'", "name cpu\nI 10\ndb <250>\nI 5\n"),
        ("printf 'a\\nb' | sed '$!s/$/;/'; printf 'a\\0b\\0' | sed -z 's/^/-/'", "a;\nb-a\0-b\0"),
        (
            "sed -s '$d' /data/list /data/list; sed p /none; echo $?",
            "pear\napple\npear\napple\nsed: /none: No such file or directory\n1\n",
        ),
        ("sed '1{p'; sed '}'; echo $?", "sed: unterminated {\nsed: unexpected }\n1\n"),
        ("sed 's/a/b/k'; echo $?", "sed: bad option in substitution expression\n1\n"),
        ("sed -E 's/(/x/'; echo $?", "sed: bad regex '(': Unmatched ( or \\(\n1\n"),
        ("sed -n ':a;s/.*/&&/;ta'; echo $?", "sed: wrong usage\n2\n"),
    ],
)
def test_an_editor_produces(script: str, wanted: str) -> None:
    assert Ran(TABLE + script).text == wanted


def test_a_file_is_edited_in_place() -> None:
    assert Ran("cp /data/list /tmp/l; sed -i 's/pear/plum/' /tmp/l; cat /tmp/l").text == "plum\napple\nplum\n"


def test_a_file_edited_in_place_is_kept_under_a_suffix() -> None:
    ran = Ran("cp /data/list /tmp/l; cp /data/list /tmp/m; sed -i.bak '1d' /tmp/l /tmp/m; cat /tmp/l /tmp/m.bak")
    assert ran.text == "apple\npear\npear\napple\npear\n"


def test_an_endless_awk_program_fails() -> None:
    assert Ran("awk 'BEGIN {while (1) x++}'").process.exit_code == 2


def test_lines_are_processed_as_they_arrive() -> None:
    ran = Ran("(echo a; sleep 5; echo b) | awk '{print NR, $0}'")
    assert ran.text == "1 a\n"
    assert ran.run(5).text == "1 a\n2 b\n"
