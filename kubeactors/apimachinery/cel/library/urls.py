"""URLs: `url(self.endpoint).getScheme() == "https"`.

Source: apiserver/pkg/cel/library/urls.go (v1.36).
"""

from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from kubeactors.apimachinery.cel.library.declaration import (
    BOOL,
    DYN,
    STRING,
    TAGGED,
    Function,
    Tagged,
    function,
    is_valid,
    of_value,
    text_of,
)

URL = "url"
_UNESCAPED = "/$&+,:;=@!'()*~%-._"


def parse(text: str) -> Tagged:
    """An absolute URI, or an absolute path.

    Raises:
        ValueError: it is neither.
    """
    _split(text)
    return {URL: text}


def _split(text: str) -> SplitResult:
    found = urlsplit(text)
    if not text or not (found.scheme or found.path.startswith("/")) or any(one <= " " for one in text):
        raise ValueError(f"URL parse error during conversion from string: parse {text!r}: invalid URI for request")
    _ = found.port  # raises if it is not a number
    return found


def _url(value: Tagged) -> SplitResult:
    return _split(text_of(value, URL))


def _host(value: Tagged) -> str:
    return _url(value).netloc.rpartition("@")[2]


def _hostname(value: Tagged) -> str:
    return (
        _host(value).partition("]")[0].lstrip("[") if _host(value).startswith("[") else _host(value).partition(":")[0]
    )


def _port(value: Tagged) -> str:
    port = _url(value).port
    return "" if port is None else str(port)


FUNCTIONS: tuple[Function, ...] = (
    function("url", (STRING,), TAGGED, parse),
    function("isURL", (STRING,), BOOL, is_valid(parse)),
    of_value("getScheme", STRING, lambda one: _url(one).scheme),
    of_value("getHost", STRING, _host),
    of_value("getHostname", STRING, _hostname),
    of_value("getPort", STRING, _port),
    of_value("getEscapedPath", STRING, lambda one: quote(_url(one).path, safe=_UNESCAPED)),
    of_value("getQuery", DYN, lambda one: parse_qs(_url(one).query, keep_blank_values=True)),
)
