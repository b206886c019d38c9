"""The language of the shell of simulated containers; what is expected is what busybox's ash writes."""

import pytest

from tests.kubelet.test_shell import Ran


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ('f() { local v=1 w; v=2; echo "$v[$w]"; }; v=0; w=x; f; echo $v $w', "2[]\n0 x\n"),
        ("f() { local x=1; g; echo $x; }; g() { x=9; }; f; echo [$x]", "9\n[]\n"),
        ('f() { local x=$1; export Y=$1; echo "$x" "$Y"; }; f "a  b"', "a  b a  b\n"),
        ("f() { echo $X; sh -c 'echo $X'; }; X=1 f; echo [$X]", "1\n1\n[]\n"),
        (
            "x=hello; echo ${x:1:3} ${x: -2} ${x:0:-1} ${x:9}. ${x/l/L} ${x//l/L} ${x//[a-h]}",
            "ell lo hell . heLlo heLLo llo\n",
        ),
        ('x=a/b.c; echo "${x%.*}" "${x##*/}" "${x%\'/\'*}" "${x//[!a-z]/?}"', "a/b b.c a a?b?c\n"),
        (
            'set -- "a b" ""; for i in "$@" ${1+"$@"} "x$@y"; do echo "[$i]"; done',
            "[a b]\n[]\n[a b]\n[]\n[xa b]\n[y]\n",
        ),
        ('set -- a b c; echo ${@:2} ${#} ${#1}; IFS=-; echo "$*" $*', "b c 3 1\na-b-c a b c\n"),
        ('echo "${u:-"a  b"}" ${u:-"a  b" c} "${u:-it\'s}"', "a  b a  b c it's\n"),
        ("IFS=', '; x='a , b,,c d,'; for i in $x; do echo \"[$i]\"; done", "[a]\n[b]\n[]\n[c]\n[d]\n"),
        ("IFS=; x='a b'; for i in $x; do echo $i; done; unset IFS; for i in $x; do echo $i; done", "a b\na\nb\n"),
        ("HOME=/root; x=~; y=a:~/b; echo $x $y ~/d a~ '~' \\~", "/root a:/root/b /root/d a~ ~ ~\n"),
        ("x=1 y=$x; echo $y; X=2 eval 'echo $X'", "1\n2\n"),
        ('echo "a`echo \\"b c\\"`" `echo \\`echo in\\`` $\'a\\tb\\\'c\\x41\'', "ab c in a\tb'cA\n"),
        ("echo $( (echo sub) ) $((1+(2*3)))", "sub 7\n"),
        ('cat <<A; cat <<\'B\'\n1 $((1+1)) \\$x "q" \\"\nA\n$x\nB', '1 2 $x "q" \\"\n$x\n'),
        (
            "cd /tmp; touch .h a1 b1 'c*'; mkdir d; echo * .h* [!b]* [^b]1 ./a* */ z* 'a'* [[:alpha:]]1 c\\*",
            "a1 b1 c* d .h a1 c* d a1 ./a1 d/ z* a1 a1 b1 c*\n",
        ),
        ("cd /tmp; touch a; set -f; echo *; set +f; echo *", "*\na\n"),
        ("case b in [!a]) echo not a;; esac; case '*' in \\*) echo star;; esac", "not a\nstar\n"),
    ],
)
def test_words_expand_as_in_ash(script: str, wanted: str) -> None:
    assert Ran(script, "one", "two").text == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ('IFS=: read a b <<E\n1:2:3\nE\necho $a $b; read x y <<E\n a\\ b  c d \nE\necho "$x|$y"', "1 2:3\na b|c d\n"),
        ("printf 'a\\\\\\nb\\n' | { read x; echo $x; }; echo 'a\\b' | { read -r x; echo $x; }", "ab\na\\b\n"),
        ("echo abcd | { read -n 3 x; echo $x; }; echo a:b | { read -d : x; echo $x; }", "abc\na\n"),
        ("sleep 5 | { read -t 1 x; echo $?; }", "1\n"),
        ("while getopts ab: o -a -bx -b; do echo $o $OPTARG; done", "a\nb x\nNo arg for -b option\n?\n"),
        ("set -- -ab 1 c; while getopts :ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $1", "a\nb 1\nc\n"),
        (
            "type cd ls if nosuch; echo $?; command -v ls",
            "cd is a shell builtin\nls is /bin/ls\nif is a shell keyword\nnosuch: not found\n127\n/bin/ls\n",
        ),
        ("let x=1 y=x+1; echo $x$y; let 0; echo $?; umask; umask 077; umask -S", "12\n1\n0022\nu=rwx,g=,o=\n"),
        ("export A='x y' Z; export -p; readonly R=1; readonly -p", "export A='x y'\nexport Z\nreadonly R='1'\n"),
        ("x=1; f() { :; }; unset x; unset -f f; echo [$x]; f; echo $?", "[]\nsh: f: not found\n127\n"),
        ("set -a; B=1; set +a; env | grep ^B", "B=1\n"),
        ("echo 'x=5; return 3; x=6' > /tmp/s; . /tmp/s; echo $? $x", "3 5\n"),
        ("(exit 3) & wait $!; echo $?; wait 999; echo $?", "3\n127\n"),
        ("for i in 1 2; do for j in 1 2; do break 2; done; done; echo $i$j; break; echo $?", "11\n0\n"),
        ("trap 'echo $?; exit 3' EXIT; (exit 7)", "7\n"),
        ("exec 3>&1; echo hi >&3; while read l <&4; do echo $l; done 4<<E\na\nb\nE", "hi\na\nb\n"),
        ("(echo out; echo err >&2) 3>&1 1>&2 2>&3 | sed s/^/p:/", "out\np:err\n"),
        (
            "set -C; echo a > /tmp/f; echo b > /tmp/f; echo c >| /tmp/f; cat /tmp/f",
            "sh: can't create /tmp/f: File exists\nc\n",
        ),
        (
            "echo > /no/x; cat < /no; echo a >&5; echo $?",
            "sh: can't create /no/x: nonexistent directory\nsh: can't open /no: no such file\nsh: 5: Bad file descriptor\n1\n",
        ),
        (
            "echo 'echo ran $1' > /tmp/s; /tmp/s; echo $?; chmod +x /tmp/s; /tmp/s a; PATH=/tmp; s b; /tmp; echo $?",
            "sh: /tmp/s: Permission denied\n126\nran a\nran b\nsh: /tmp: Permission denied\n126\n",
        ),
    ],
)
def test_built_in_commands_behave_as_in_ash(script: str, wanted: str) -> None:
    assert Ran(script).run(1).text == wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("1 2", "sh: 2: unknown operand\n2\n"),
        ("a = b c", "sh: c: unknown operand\n2\n"),
        ("x -eq 1", "sh: x: bad number\n2\n"),
        ("1 -eq", "sh: -eq: argument expected\n2\n"),
        ("a = a -o", "sh: argument expected\n2\n"),
        ("! -e /nofile -a b", "0\n"),
        ("!", "0\n"),
        ("'(' = ')'", "1\n"),
        ("\\( a = b -o c = c \\) -a ! -e /nofile", "0\n"),
        ("/tmp/new -nt /tmp/old -a /tmp/old -ot /tmp/new", "0\n"),
        ("/tmp/new -ef /tmp/link -a -c /dev/null", "0\n"),
        ("-t 0", "1\n"),
    ],
)
def test_conditions_hold_as_in_ash(condition: str, wanted: str) -> None:
    files = "touch /tmp/old; sleep 1; touch /tmp/new; ln -s new /tmp/link; "
    assert Ran(f"{files} [ {condition} ]; echo $?").run(1).text == wanted


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("2**10 + 16#ff + 2#101", "1284\n"),
        ("0 && (x=1), 1 || (x=2), 1 ? 3 : (x=4/0)", "3\n"),
        ("x=3, x+=4", "7 7\n"),
        ("9223372036854775807 + 1", "-9223372036854775808\n"),
        ("- -3 + --3", "6\n"),
        ("sum * 2", "6\n"),
        ("loop", "sh: expression recursion loop detected\n"),
        ("08", "sh: arithmetic syntax error\n"),
        ("1 / 0", "sh: divide by zero\n"),
        ("2 ** -1", "sh: exponent less than 0\n"),
    ],
)
def test_arithmetic_is_that_of_c_in_64_bits(expression: str, wanted: str) -> None:
    assert Ran(f"sum=1+2; loop=loop; v=$(({expression})); echo $v $x").text == wanted


@pytest.mark.parametrize(
    ("script", "wanted", "code"),
    [
        ("set -e; for i in 1; do false && true; done; echo ok; f() { false && true; }; f; echo no", "ok\n", 1),
        (
            "set -e; if (false; echo d); then echo e; fi; { false; } || true; ! true; false | true; echo h; true | false",
            "d\ne\nh\n",
            1,
        ),
        ("set -e; f() { local x=$(false); echo still; }; f; x=$(false); echo no", "still\n", 1),
        ("set -u; echo ${x-d} $# $*; echo $x; echo never", "d 0\nsh: x: parameter not set\n", 2),
        ("readonly r=1; (r=2); echo $?; r=2; echo never", "sh: r: is read only\n2\nsh: r: is read only\n", 2),
        ("local x=1; echo never", "sh: local: not in a function\n", 2),
        (": > /no/x; echo never", "sh: can't create /no/x: nonexistent directory\n", 1),
        ("exit abc", "sh: exit: Illegal number: abc\n", 2),
        (". /nofile; echo never", "sh: .: can't open '/nofile': No such file or directory\n", 2),
        ("set -o pipefail; false | true; exit $?", "", 1),
        ("sh -euo pipefail -c 'false | true; echo no'; exit $?", "", 1),
        ("if true; then echo a", 'sh: syntax error: unexpected end of file (expecting "fi")\n', 2),
    ],
)
def test_a_script_ends_where_ash_ends_it(script: str, wanted: str, code: int) -> None:
    ran = Ran(script).run(1)
    assert (ran.text, ran.process.exit_code) == (wanted, code)


def test_no_pattern_takes_exponential_time() -> None:
    stars = "*a" * 200
    script = f"x=$(seq 9999); case $x in {stars}b) echo no;; esac; echo ${{#x}} ${{x//{stars}b/}} | wc -c"
    assert Ran(script).run(1).text == "48894\n"
