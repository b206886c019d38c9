"""Rules for names, labels and keys: each is a function from a string to its errors.

Every rule returns Kubernetes' messages; an empty tuple for a valid string. Callers put them under a field:

    for message in names.dns1123_label(port.name):
        yield invalid(f"{path}.name", port.name, message)

The rules for labels are cached: the same few keys and values occur on every object.

Source: apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content, pkg/api/validation/generic.go,
apiserver/pkg/storage/names/generate.go (v1.36).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random

Messages = tuple[str, ...]

NameValidator = Callable[[str, bool], Messages]
"""A kind's rule for names: (name, whether it is a prefix of a generated name) -> messages."""

MAX_LABEL = 63
MAX_SUBDOMAIN = 253

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_UNDERSCORE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORE_SUBDOMAIN = rf"{_UNDERSCORE_LABEL}(\.{_UNDERSCORE_LABEL})*"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_ENV_VAR = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HTTP_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_underscore_subdomain = re.compile(_UNDERSCORE_SUBDOMAIN).fullmatch
_is_wildcard = re.compile(_WILDCARD).fullmatch
_is_dns1035 = re.compile(_DNS1035).fullmatch
_is_key = re.compile(_KEY).fullmatch
_is_value = re.compile(_VALUE).fullmatch
_is_env_var = re.compile(_ENV_VAR).fullmatch
_is_config_key = re.compile(_CONFIG_KEY).fullmatch
_is_http_header = re.compile(_HTTP_HEADER).fullmatch
_is_percent = re.compile(_PERCENT).fullmatch

_KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)


def must_match(rule: str, pattern: str, *examples: str) -> str:
    """The message of a pattern that does not match; the odd commas are Kubernetes' own.

    >>> must_match("a rule", "[a-z]", "a", "b")
    "a rule (e.g. 'a',  or 'b', regex used for validation is '[a-z]')"
    """
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{one}', " for one in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


def in_range(value: int, low: int, high: int) -> Messages:
    """An integer within both bounds.

    >>> in_range(0, 1, 65535)
    ('must be between 1 and 65535, inclusive',)
    """
    return () if low <= value <= high else (f"must be between {low} and {high}, inclusive",)


def port_number(value: int) -> Messages:
    """A TCP, UDP or SCTP port; not zero."""
    return in_range(value, 1, 65535)


def user_id(value: int) -> Messages:
    """A Unix user or group id."""
    return in_range(value, 0, 2**31 - 1)


def dns1123_label(value: str) -> Messages:
    """A DNS label: the name of a namespace, container or volume.

    >>> dns1123_label("web-0"), dns1123_label("a.b")
    ((), ('must not contain dots',))
    """
    long = _longer_than(value, MAX_LABEL)
    if _is_label(value):
        return long
    if _is_subdomain(value):
        return (*long, "must not contain dots")
    rule = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _LABEL, "my-name", "123-abc"))


def dns1123_subdomain(value: str) -> Messages:
    """A lower-case DNS name: the name of most objects."""
    long = _longer_than(value, MAX_SUBDOMAIN)
    if _is_subdomain(value):
        return long
    rule = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _SUBDOMAIN, "example.com"))


def dns1123_subdomain_with_underscore(value: str) -> Messages:
    """A subdomain that may contain underscores: a DNS search domain of a pod."""
    long = _longer_than(value, MAX_SUBDOMAIN)
    if _is_underscore_subdomain(value):
        return long
    rule = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _UNDERSCORE_SUBDOMAIN, "example.com"))


def wildcard_dns1123_subdomain(value: str) -> Messages:
    """`*.` and a subdomain: a host of an Ingress."""
    long = _longer_than(value, MAX_SUBDOMAIN)
    if _is_wildcard(value):
        return long
    rule = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
        "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _WILDCARD, "*.example.com"))


def dns1035_label(value: str) -> Messages:
    """A DNS label that starts with a letter: the name of a Service."""
    long = _longer_than(value, MAX_LABEL)
    if _is_dns1035(value):
        return long
    rule = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
        "start with an alphabetic character, and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _DNS1035, "my-name", "abc-123"))


@lru_cache(maxsize=8192)
def qualified_name(value: str) -> Messages:
    """A label key: a name, optionally with a subdomain and a slash before it.

    >>> qualified_name("app.kubernetes.io/name"), qualified_name("/name")
    ((), ('prefix part must be non-empty',))
    """
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        example = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return (f"a valid label key {must_match(_KEY_RULE, _KEY, 'MyName', 'my.name', '123-abc')} {example}",)
    return (*_wrong_prefix(prefix, slash), *_wrong_name_part(name))


@lru_cache(maxsize=8192)
def label_value(value: str) -> Messages:
    """A label value; it may be empty."""
    long = _longer_than(value, MAX_LABEL, "bytes")
    if _is_value(value):
        return long
    rule = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character"
    )
    return (*long, must_match(rule, _VALUE, "MyValue", "my_value", "12345"))


def port_name(value: str) -> Messages:
    """The name of a container port: an IANA service name.

    >>> port_name("http"), port_name("-1")
    ((), ('must contain at least one letter (a-z)', 'must not begin or end with a hyphen'))
    """
    rules = (
        (byte_length(value) <= 15, "must be no more than 15 characters"),
        (re.fullmatch("[-a-z0-9]+", value), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (re.search("[a-z]", value), "must contain at least one letter (a-z)"),
        ("--" not in value, "must not contain consecutive hyphens"),
        (not value.startswith("-") and not value.endswith("-"), "must not begin or end with a hyphen"),
    )
    return tuple(message for holds, message in rules if not holds)


def percent(value: str) -> Messages:
    """A percentage: `25%`."""
    if _is_percent(value):
        return ()
    rule = "a valid percent string must be a numeric string followed by an ending '%'"
    return (must_match(rule, _PERCENT, "1%", "93%"),)


def http_header_name(value: str) -> Messages:
    """The name of an HTTP header."""
    if _is_http_header(value):
        return ()
    rule = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return (must_match(rule, _HTTP_HEADER, "X-Header-Name"),)


def env_var_name(value: str) -> Messages:
    """The name of an environment variable, by the strict rule."""
    wrong = _parent_directory(value)
    if _is_env_var(value):
        return wrong
    rule = (
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
        "and must not start with a digit"
    )
    return (must_match(rule, _ENV_VAR, "my.env-name", "MY_ENV.NAME", "MyEnvName1"), *wrong)


def relaxed_env_var_name(value: str) -> Messages:
    """The name of an environment variable as containers accept it since v1.34: printable ASCII without `=`."""
    if not value:
        return ("environment variable name must be non-empty",)
    if all(" " <= char <= "~" and char != "=" for char in value):
        return ()
    return ("a valid environment variable name must consist only of printable ASCII characters other than '='",)


def config_map_key(value: str) -> Messages:
    """A key of a ConfigMap or Secret, which becomes a file name."""
    long = _longer_than(value, MAX_SUBDOMAIN)
    wrong = _parent_directory(value)
    if _is_config_key(value):
        return (*long, *wrong)
    rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    return (*long, must_match(rule, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"), *wrong)


def path_segment(value: str) -> Messages:
    """A name that can be a URL path segment unescaped: the names of RBAC objects.

    >>> path_segment("system:node"), path_segment("a/b%"), path_segment("..")
    ((), ("may not contain '/'", "may not contain '%'"), ("may not be '..'",))
    """
    return (f"may not be '{value}'",) if value in (".", "..") else path_segment_prefix(value)


def path_segment_prefix(value: str) -> Messages:
    """The prefix of such a name."""
    return tuple(f"may not contain '{char}'" for char in "/%" if char in value)


def name_is_dns_subdomain(name: str, prefix: bool = False) -> Messages:  # noqa: FBT001, FBT002 -- a NameValidator
    """The usual NameValidator."""
    return dns1123_subdomain(_completed(name) if prefix else name)


def name_is_dns_label(name: str, prefix: bool = False) -> Messages:  # noqa: FBT001, FBT002 -- a NameValidator
    """The NameValidator of namespaces and of kinds whose names become host names."""
    return dns1123_label(_completed(name) if prefix else name)


def name_is_path_segment(name: str, prefix: bool = False) -> Messages:  # noqa: FBT001, FBT002 -- a NameValidator
    """The NameValidator of roles and bindings."""
    return path_segment_prefix(name) if prefix else path_segment(name)


ALPHANUMERICS = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels and similar digits, so that no words occur by chance."""


def suffix(random: Random, length: int = 5) -> str:
    """A random suffix of a name."""
    return "".join(random.choices(ALPHANUMERICS, k=length))


def generate(base: str, random: Random) -> str:
    """A name for `generateName`: at most 58 characters of the base, and five random ones.

    It may not be unique; the API server rejects a name that exists.

    >>> generate("web-", Random(1))
    'web-f52jr'
    """
    return base[: MAX_LABEL - 5] + suffix(random)


def byte_length(value: str) -> int:
    """The length of a string in Go: its bytes in UTF-8."""
    return len(value) if value.isascii() else len(value.encode())


def _longer_than(value: str, maximum: int, unit: str = "characters") -> Messages:
    return (f"must be no more than {maximum} {unit}",) if byte_length(value) > maximum else ()


def _wrong_prefix(prefix: str, slash: str) -> Messages:
    if not slash:
        return ()
    if not prefix:
        return ("prefix part must be non-empty",)
    messages = dns1123_subdomain(prefix)
    return tuple(f"prefix part {_in_bytes(one)}" for one in messages)


def _wrong_name_part(name: str) -> Messages:
    if not name:
        empty: Messages = ("name part must be non-empty",)
    else:
        empty = tuple(f"name part {one}" for one in _longer_than(name, MAX_LABEL, "bytes"))
    if _is_key(name):
        return empty
    return (*empty, f"name part {must_match(_KEY_RULE, _KEY, 'MyName', 'my.name', '123-abc')}")


def _in_bytes(message: str) -> str:
    """Label key rules count bytes, and say so."""
    return message.replace(f"no more than {MAX_SUBDOMAIN} characters", f"no more than {MAX_SUBDOMAIN} bytes")


def _parent_directory(value: str) -> Messages:
    if value in (".", ".."):
        return (f"must not be '{value}'",)
    return ("must not start with '..'",) if value.startswith("..") else ()


def _completed(prefix: str) -> str:
    """A prefix as if characters followed: a trailing dash, and what is before it, cannot be the end."""
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
