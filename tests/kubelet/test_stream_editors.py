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
        ("awk 'function f(n) {return n < 2 ? n : f(n - 1) + f(n - 2)} BEGIN {print f(10)}'", "55\n"),
        (
            "awk 'function g(a, i) {for (i in a) a[i]++; i = 9} BEGIN {a[1]; g(a); g(b); print a[1], i + 0, length(b)}'",
            "1 0 0\n",
        ),
        ("awk 'function s(a) {a[1] = 5} BEGIN {s(z); print z[1]}'", "5\n"),
        ('awk \'BEGIN {while ((getline l < "/data/list") > 0) n++; print n, getline < "/none"}\'', "3 -1\n"),
        ("awk '/name/ {getline; print NR, $1} /db/ {getline x; print NR, $1, x}'", "2 web\n4 db web 5\n"),
        ('awk \'BEGIN {while (("echo a; sleep 1; echo b" | getline l) > 0) print "<" l ">"}\'; echo', "<a>\n"),
        ('awk \'{print $1 | "sort -u"} END {close("sort -u"); print "end"}\'', "db\nname\nweb\nend\n"),
        (
            "awk '{print > \"/tmp/\" $1}'; cat /tmp/web; awk 'BEGIN {print 1 >> \"/tmp/db\"}'; cat /tmp/db",
            "web 10\nweb 5\ndb 250\n1\n",
        ),
        ('awk \'BEGIN {r = system("echo hi; exit 3"); print r; print close("x")}\'', "hi\n3\n-1\n"),
        (
            'awk \'BEGIN {printf "%c%c|%*d|%-4s|%.2f|%x|%5.1e|%i|%%\\n", 65, "xyz", 4, 7, "ab", 2.345, 255, 1234, "3x"}\'',
            "Ax|   7|ab  |2.35|ff|1.2e+03|3|%\n",
        ),
        ('awk \'BEGIN {print (1, 2) in a, ("x")("y"); print(1, 2)}\'', "0 xy\n1 2\n"),
        (
            'awk \'BEGIN {print match("foobar", /o+/), RSTART, RLENGTH; print match("x", "y"), RSTART, RLENGTH}\'',
            "2 2 2\n0 0 -1\n",
        ),
        (
            'awk \'BEGIN {s = "a.b.c"; n = gsub("\\\\.", "[&\\\\&]", s); print n, s; t = "abc"; gsub(//, "-", t); print t}\'',
            "2 a[.&]b[.&]c\n-a-b-c-\n",
        ),
        (
            'awk \'BEGIN {print substr("hello", 0, 2) substr("hello", 4) substr("hello", 9) ".", length "x"}\'',
            "hlo. 0x\n",
        ),
        (
            "awk 'BEGIN {a[1, 2]; for (k in a) {split(k, p, SUBSEP); print p[1] p[2]} delete a; print length(a)}'",
            "12\n0\n",
        ),
        ("awk 'BEGIN {do {if (++i == 2) continue; if (i > 4) break; print i} while (1)}'", "1\n3\n4\n"),
        ('awk \'BEGIN {print (x == 0), (x == ""), length(x); if (!x) print "unset"}\'', "1 1 0\nunset\n"),
        ("echo '10 9 abc' | awk '{print ($1 > $2), ($1 \"\" > $2), ($3 > 5)}'", "1 0 1\n"),
        ("awk 'BEGIN {print -2 ^ 2, 2 ^ 3 ^ 2, 2 ** 3, -3 % 2, 7 % -3, 1 - -1, 1 2 + 3}'", "-4 512 8 -1 1 2 15\n"),
        ("printf 'a b\\nc\\n\\n\\nd\\n' | awk 'BEGIN {RS = \"\"} {print NR, NF, $NF}'", "1 3 c\n2 1 d\n"),
        (
            "printf 'a12b345c' | awk -v RS='[0-9]+' '{printf \"%s,\", $0}'; printf 'x;y' | awk 'BEGIN {RS = \";\"} {print}'",
            "a,b,c,x\ny\n",
        ),
        (
            "echo 'a::b|c' | awk -F: '{print NF; $0 = \"d\\te f\"; print $1}'; echo 'a|b' | awk -F'|' '{print $2}'",
            "3\nd\te f\nb\n",
        ),
        ("awk -v OFS=- '{$1 = $1; NF = 3; $5 = \"e\"; print; print $(NF-4), NF; exit}'", "name-cpu---e\nname-5\n"),
        (
            "awk '{print FILENAME, FNR, NR, x}' x=1 /data/list x=2 /data/list | sed -n '3,4p'",
            "/data/list 3 3 1\n/data/list 1 4 2\n",
        ),
        (
            "awk 'FNR == 1 {nextfile} {print} END {print NR, ARGC, ARGV[1], ENVIRON[\"A\"]}' /data/list",
            "1 2 /data/list x y\n",
        ),
        ("awk 'BEGIN {srand(1); a = rand(); srand(1); print (a == rand()), (a < 1), srand(5), srand()}'", "1 1 1 5\n"),
        (
            'awk \'BEGIN {print strftime("%Y-%m-%d", 0), systime(), toupper("a") tolower("B")}\'',
            "1970-01-01 1767225600 Ab\n",
        ),
        (
            "awk 'BEGIN {print int(-3.7), sqrt(16), exp(0), log(1), atan2(0, 1), cos(0), 2 ^ 53, 1e6, 0.1 + 0.2}'",
            "-3 4 1 0 0 1 9007199254740992 1000000 0.3\n",
        ),
        (
            'printf \'# c\\nBEGIN {\\n  if (1)\\n    print "a"\\n  else\\n    print "b"\\n}\\nEND { print NR }\\n\' > /tmp/p; awk -f /tmp/p /data/list',
            "a\n3\n",
        ),
        ("awk 'BEGIN {exit 2} END {print \"end\"}'; echo $?", "end\n2\n"),
        ("awk 'BEGIN {foo(1)}'; echo $?", "awk: cmd. line:1: Call to undefined function\n1\n"),
        ("awk 'BEGIN {print 1/0}'; echo $?", "awk: Division by zero\n1\n"),
        (
            "awk 'BEGIN {return}'; echo $?",
            "awk: cmd. line: next, break, continue or return outside of a rule, a loop or a function\n1\n",
        ),
        ("awk 'function f() {f()} BEGIN {f()}'; echo $?", "awk: wrong usage\n2\n"),
        ("awk 'BEGIN {while (1) s = s s \"x\"}'; echo $?", "awk: out of memory\n1\n"),
        ("awk '{print $1' ; echo $?", "awk: cmd. line:1: Unexpected token\n1\n"),
        ("awk '{print $1 > \"f\" NF}'; cat f2", "name\nweb\ndb\nweb\n"),
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
