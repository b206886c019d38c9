"""Authorization checks: `authorizer.group("apps").resource("deployments").check("create").allowed()`.

A check is built step by step as a map. The evaluator's caller answers it (`answering`): this room knows no users.

Source: apiserver/pkg/cel/library/authz.go (v1.36).
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, cast

import msgspec

from kubeactors.apimachinery.cel.library.declaration import (
    ASKED,
    BOOL,
    STRING,
    TAGGED,
    Function,
    Tagged,
    member,
    of_value,
    text_of,
)

AUTHORIZER, DECISION, REASON, ERROR = "authorizer", "decision", "reason", "error"
REQUEST_RESOURCE = "requestResource"

Asked: TypeAlias = Mapping[str, object]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a check. `account` is `NAMESPACE:NAME` of a service account; empty: the user of the request."""

    verb: str
    account: str = ""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """Whether it is allowed, the reason, and the error if it failed."""

    allowed: bool
    reason: str = ""
    error: str = ""


Answer: TypeAlias = Callable[[Question], Verdict]

_ANSWER: ContextVar[Answer] = ContextVar("answer")


def asking(**known: str) -> dict[str, object]:
    """The variable `authorizer`, with the attributes of the request.

    >>> asking(group="apps", resource="deployments")["requestResource"]
    {'authorizer': 'resource', 'group': 'apps', 'resource': 'deployments'}
    """
    return {AUTHORIZER: AUTHORIZER, REQUEST_RESOURCE: {AUTHORIZER: "resource", **known}}


@contextmanager
def answering(answer: Answer) -> Generator[None]:
    """Answer the checks of expressions that are evaluated in the block."""
    token = _ANSWER.set(answer)
    try:
        yield
    finally:
        _ANSWER.reset(token)


def _narrowed(stage: str, after: str, *fields: str) -> Callable[..., dict[str, object]]:
    """A step that builds a check, which then is at another `stage`."""

    def step(asked: Asked, *values: str) -> dict[str, object]:
        _require(asked, after)
        made = {name: value for name, value in asked.items() if name != REQUEST_RESOURCE}
        return {**made, **dict(zip(fields, values, strict=True)), AUTHORIZER: stage}

    return step


def _require(asked: Asked, *stages: str) -> None:
    if asked.get(AUTHORIZER) not in stages:
        raise ValueError("no such overload")


def _account(asked: Asked, namespace: str, name: str) -> dict[str, object]:
    return _narrowed(AUTHORIZER, AUTHORIZER, "account")(asked, f"{namespace}:{name}")


def _check(asked: Asked, verb: str) -> Tagged:
    _require(asked, "path", "resource")
    told = {name: cast("str", value) for name, value in asked.items() if name != AUTHORIZER}
    verdict = _ANSWER.get()(Question(verb=verb, **told))
    return {DECISION: "allow" if verdict.allowed else "", REASON: verdict.reason, ERROR: verdict.error}


def _selected(asked: Asked, _selector: str) -> dict[str, object]:
    """Authorizers here ignore label selectors, so one narrows nothing."""
    _require(asked, "resource")
    return dict(asked)


def _of_resource(name: str, field: str) -> Function:
    return member(name, (ASKED, STRING), ASKED, _narrowed("resource", "resource", field))


FUNCTIONS: tuple[Function, ...] = (
    member("serviceAccount", (ASKED, STRING, STRING), ASKED, _account),
    member("path", (ASKED, STRING), ASKED, _narrowed("path", AUTHORIZER, "path")),
    member("group", (ASKED, STRING), ASKED, _narrowed("group", AUTHORIZER, "group")),
    member("resource", (ASKED, STRING), ASKED, _narrowed("resource", "group", "resource")),
    _of_resource("subresource", "subresource"),
    _of_resource("namespace", "namespace"),
    _of_resource("name", "name"),
    _of_resource("fieldSelector", "field_selector"),
    member("labelSelector", (ASKED, STRING), ASKED, _selected),
    member("check", (ASKED, STRING), TAGGED, _check),
    of_value("allowed", BOOL, lambda one: text_of(one, DECISION) == "allow"),
    of_value("errored", BOOL, lambda one: bool(text_of(one, ERROR))),
    of_value("error", STRING, lambda one: text_of(one, ERROR)),
    of_value("reason", STRING, lambda one: text_of(one, REASON)),
)
