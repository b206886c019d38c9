"""Commands that make HTTP requests, through the kubelet.

Method, headers and data matter to the API server alone; other servers see host, port and path. Only the API server's
certificate is verified.

Source: busybox 1.37, wget; curl 8, and its manual's exit codes; git 2.47, clone.
"""

import posixpath
from collections.abc import Generator
from urllib.parse import urlsplit

import msgspec

from kubeactors.kubelet.runtimes.question import Visited, WebRequest
from kubeactors.kubelet.runtimes.shell.machine import Call, opened
from kubeactors.kubelet.runtimes.shell.printing import escaped
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep, Step, Until
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

ANSWER_SECONDS = 0.01
"""The minimum duration of a request, in seconds."""
FIRST_ERROR = 400
NO_HOST, NO_CONNECTION, BAD_STATUS, TIMED_OUT, UNTRUSTED, NO_CA = 6, 7, 22, 28, 60, 77
CURL, WGET = "curl/8.11.1", "Wget"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PATIENCE_SECONDS = 127.0
"""After how many seconds Linux gives up a connection attempt."""


class Url(msgspec.Struct, frozen=True):
    """A URL."""

    host: str
    port: int
    path: str
    tls: bool = False

    @property
    def file(self) -> str:
        """The file name under which it is saved."""
        return posixpath.basename(self.path.partition("?")[0])


def read_url(text: str) -> Url:
    """Parse a URL, with or without scheme.

    >>> read_url("web:8080/a/b?c=1"), read_url("https://web").port
    (Url(host='web', port=8080, path='/a/b?c=1', tls=False), 443)

    Raises:
        ValueError: the port is not a number.
    """
    found = urlsplit(text if "://" in text else f"http://{text}")
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    tls = found.scheme == "https"
    return Url(found.hostname or "", found.port or (443 if tls else 80), path, tls)


def _visit(call: Call, url: Url, request: WebRequest) -> Generator[Step, None, Visited]:
    found: list[Visited] = []
    yield Sleep(ANSWER_SECONDS)
    call.machine.processes.visit(url.host, url.port, request, found.append)
    yield Until(lambda: bool(found))
    return found[0]


class LenientOptions:
    """Options of a command that has more of them than are known here: unknown ones count as flags.

    Args:
        words: the arguments of the command.
        valued: the letters of short options with a value.
        long_valued: the long options with a value.
    """

    def __init__(self, words: list[str], valued: str, long_valued: frozenset[str]) -> None:
        self.values: dict[str, str] = {}
        self._given: list[tuple[str, str]] = []
        self.rest: list[str] = []
        left = list(words)
        while left:
            word = left.pop(0)
            if word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                self._set(name, left.pop(0) if name in long_valued and not equals and left else value)
            elif word.startswith("-") and len(word) > 1:
                self._letters(word[1:], left, valued)
            else:
                self.rest.append(word)

    def _letters(self, letters: str, left: list[str], valued: str) -> None:
        for place, letter in enumerate(letters):
            if letter in valued:
                follows = letters[place + 1 :]
                self._set(letter, follows or (left.pop(0) if left else ""))
                return
            self._set(letter, "")

    def _set(self, name: str, value: str) -> None:
        self.values[name] = value
        self._given.append((name, value))

    def has(self, *names: str) -> bool:
        """Whether one of these options is given."""
        return any(one in self.values for one in names)

    def value(self, *names: str) -> str | None:
        """The value of the first of these options that is given."""
        return next((self.values[one] for one in names if one in self.values), None)

    def every(self, *names: str) -> list[tuple[str, str]]:
        """These options with their values, in order."""
        return [(name, value) for name, value in self._given if name in names]

    def headers(self, usual: dict[str, str], *names: str) -> tuple[tuple[str, str], ...]:
        """The usual headers of a request, and those that these options give as `name: value`."""
        pairs = (value.partition(":") for _, value in self.every(*names))
        return tuple({**usual, **{key.strip().lower(): value.strip() for key, _, value in pairs}}.items())


_WGET_LONG = frozenset({"header", "post-data", "output-document", "timeout", "tries", "directory-prefix", "user-agent"})
_CURL_LONG = frozenset(
    [
        "output",
        "header",
        "request",
        "data",
        "data-raw",
        "data-binary",
        "json",
        "max-time",
        "connect-timeout",
        "retry",
        "retry-delay",
        "write-out",
        "user",
        "cacert",
        "cert",
        "key",
        "user-agent",
        "resolve",
        "retry-max-time",
        "form",
        "url",
    ]
)


def _wget(call: Call) -> Run:
    options = LenientOptions(call.arguments, "OTtPUYo", _WGET_LONG)
    if not options.rest:
        return call.complain("missing operand")
    url = read_url(options.rest[0])
    quiet = options.has("q", "quiet")
    found = yield from _visit(call, url, _wget_request(options, url))
    if not found.address:
        return call.complain(f"bad address '{url.host}'")
    _note(call, f"Connecting to {url.host} ({found.address}:{url.port})", quiet=quiet)
    if found.lost:
        yield Sleep(_patience(options.value("T", "timeout")))
        return call.complain("download timed out")
    if not found.status:
        return call.complain(f"can't connect to remote host ({found.address}): Connection refused")
    if found.status >= FIRST_ERROR:
        return call.complain(f"server returned error: HTTP/1.1 {found.status}")
    if options.has("spider"):
        _note(call, "remote file exists", quiet=quiet)
        return 0
    name = options.value("O", "output-document") or posixpath.join(options.value("P") or "", url.file or "index.html")
    _keep(call, name, found.body)
    _note(call, "written to stdout" if name == "-" else f"'{name}' saved", quiet=quiet)
    return 0


def _wget_request(options: LenientOptions, url: Url) -> WebRequest:
    """The request of wget, which verifies no certificates."""
    data = options.value("post-data")
    usual = {"user-agent": options.value("U", "user-agent") or WGET}
    if data is not None:
        usual["content-type"] = FORM
    return WebRequest(
        path=url.path,
        method="GET" if data is None else "POST",
        headers=options.headers(usual, "header"),
        body=(data or "").encode(),
        tls=url.tls,
    )


def _patience(text: str | None) -> float:
    """A timeout in seconds."""
    return min(float(text), PATIENCE_SECONDS) if text else PATIENCE_SECONDS


def _note(call: Call, text: str, *, quiet: bool) -> None:
    if not quiet:
        call.streams.error.write(f"{text}\n".encode())


def _keep(call: Call, name: str, text: str) -> None:
    if name == "-":
        call.say(text)
    else:
        opened(call.path(name), call.machine, call.streams, append=False).write(text.encode())


def _curl(call: Call) -> Run:
    options = LenientOptions(call.arguments, "oHXdmwuAbcFxTeKrE", _CURL_LONG)
    address = options.value("url") or next(iter(options.rest), "")
    if not address:
        return call.complain("no URL specified")
    url = read_url(address)
    silent = options.has("s", "silent") and not options.has("S", "show-error")
    authority = options.value("cacert") or call.env.get("CURL_CA_BUNDLE", "")
    if authority and not call.files.exists(call.path(authority)):
        return _fail(call, NO_CA, f"error setting certificate file: {authority}", silent=silent)
    request = yield from _curl_request(call, options, url, authority)
    found = yield from _visit(call, url, request)
    if not found.address:
        return _fail(call, NO_HOST, f"Could not resolve host: {url.host}", silent=silent)
    if found.untrusted:
        text = "SSL certificate problem: unable to get local issuer certificate"
        return _fail(call, UNTRUSTED, text, silent=silent)
    if found.lost:
        seconds = _patience(options.value("connect-timeout", "m", "max-time"))
        yield Sleep(seconds)
        text = f"Connection timed out after {int(seconds * 1000)} milliseconds"
        return _fail(call, TIMED_OUT, text, silent=silent)
    if not found.status:
        text = f"Failed to connect to {url.host} port {url.port} after 0 ms: Could not connect to server"
        return _fail(call, NO_CONNECTION, text, silent=silent)
    if options.has("f", "fail") and found.status >= FIRST_ERROR:
        return _fail(call, BAD_STATUS, f"The requested URL returned error: {found.status}", silent=silent)
    _show(call, options, url, found)
    return 0


def _curl_request(call: Call, options: LenientOptions, url: Url, authority: str) -> Generator[Step, None, WebRequest]:
    """The request of curl; `authority` is the path of the certificates that it trusts, empty for those of the image."""
    body = yield from _body(call, options)
    usual = {"user-agent": options.value("A", "user-agent") or CURL, "accept": "*/*"}
    if body is not None:
        usual["content-type"] = JSON if options.has("json") else FORM
    method = "HEAD" if options.has("I", "head") else "GET" if body is None else "POST"
    trusted = call.files.read(call.path(authority)).decode() if authority else ""
    return WebRequest(
        path=url.path,
        method=options.value("X", "request") or method,
        headers=options.headers(usual, "H", "header"),
        body=body or b"",
        tls=url.tls,
        trusted=None if options.has("k", "insecure") else trusted,
    )


def _body(call: Call, options: LenientOptions) -> Generator[Step, None, bytes | None]:
    """The data; None without such an option."""
    given = options.every("d", "data", "data-binary", "data-raw", "json")
    parts: list[bytes] = []
    for name, text in given:
        parts.append((yield from _data(call, name, text)))
    return b"&".join(parts) if given else None


def _data(call: Call, name: str, text: str) -> Generator[Step, None, bytes]:
    """What follows an option; `@` names a file, of which `-d` leaves out the newlines."""
    if not text.startswith("@") or name == "data-raw":
        return text.encode()
    read = yield from rest_of(call.open(text[1:]))
    return read.translate(None, b"\r\n") if name in {"d", "data"} else read


def _show(call: Call, options: LenientOptions, url: Url, found: Visited) -> None:
    content_type = f"content-type: {found.content_type}\r\n" if found.content_type else ""
    head = f"HTTP/1.1 {found.status}\r\n{content_type}\r\n" if options.has("i", "include", "I", "head") else ""
    name = options.value("o", "output") or (url.file if options.has("O", "remote-name") else "-")
    _keep(call, name, head + ("" if options.has("I", "head") else found.body))
    layout = options.value("w", "write-out") or ""
    call.say(escaped(layout.replace("%{http_code}", str(found.status)).replace("%{response_code}", str(found.status))))


def _fail(call: Call, code: int, text: str, *, silent: bool) -> int:
    if not silent:
        call.complain(f"({code}) {text}")
    return code


def _git(call: Call) -> int:
    """`git clone` creates the directory with nothing but the configuration of its origin."""
    options = LenientOptions(call.arguments, "bcCo", frozenset({"branch", "depth", "origin", "config"}))
    match options.rest:
        case ["clone", source, *directory]:
            name = directory[0] if directory else posixpath.basename(source.rstrip("/")).removesuffix(".git")
            path = call.path(name)
            call.streams.error.write(f"Cloning into '{name}'...\n".encode())
            call.files.make_directory(posixpath.join(path, ".git"), parents=True)
            call.files.write(f"{path}/.git/config", f'[remote "origin"]\n\turl = {source}\n'.encode(), call.now)
        case _:
            pass
    return 0


WEB_COMMANDS: dict[str, Command] = {"curl": _curl, "git": _git, "wget": _wget}
