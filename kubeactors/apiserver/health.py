"""What is checked of a server, by the names of the original: its store, its cache, and each step of its start.

The original starts much on its own, each part as a post-start hook. Here one actor starts in steps; a hook is over when
the step is that does its work. Hooks whose work does not exist here are over when requests are answered.

Source: apiserver/pkg/server/{hooks,healthz}.go, pkg/controlplane/{instance,apiserver/server}.go (v1.36).
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Protocol, TypeVar

from kubeactors.actor import ActorError
from kubeactors.message import Message, Request

R = TypeVar("R")

STORE_SECONDS = 2.0
"""How long the store may take. Source: apiserver/pkg/storage/storagebackend/config.go, DefaultHealthcheckTimeout."""


class Step(Enum):
    """The steps of the start, in order."""

    CACHE = "the cache is primed"
    FIRST_OBJECTS = "namespaces, priority classes and the service kubernetes are there"
    ROLES = "default roles are there"
    DESCRIPTION = "what is served is told in objects"
    DEFINITIONS = "custom kinds are served"
    SERVING = "requests are answered"


class ServerCheck(Message, frozen=True, kw_only=True):
    """How a server does. `store`: what is wrong with its store; empty if nothing is. `steps`: how many are over."""

    store: str
    is_current: bool
    """Whether the cache follows the store."""
    steps: int


class CheckServer(Request[ServerCheck], frozen=True):
    """Ask how the server does."""


_HOOKS = {
    "aggregator-reload-proxy-client-cert": Step.SERVING,
    "apiservice-discovery-controller": Step.DEFINITIONS,
    "apiservice-openapi-controller": Step.DEFINITIONS,
    "apiservice-openapiv3-controller": Step.DEFINITIONS,
    "apiservice-registration-controller": Step.DESCRIPTION,
    "apiservice-status-local-available-controller": Step.DESCRIPTION,
    "apiservice-status-remote-available-controller": Step.SERVING,
    "apiservice-wait-for-first-sync": Step.CACHE,
    "bootstrap-controller": Step.FIRST_OBJECTS,
    "crd-informer-synced": Step.CACHE,
    "generic-apiserver-start-informers": Step.CACHE,
    "kube-apiserver-autoregistration": Step.DESCRIPTION,
    "peer-endpoint-reconciler-controller": Step.SERVING,
    "priority-and-fairness-config-consumer": Step.SERVING,
    "priority-and-fairness-config-producer": Step.DESCRIPTION,
    "priority-and-fairness-filter": Step.SERVING,
    "rbac/bootstrap-roles": Step.ROLES,
    "scheduling/bootstrap-system-priority-classes": Step.FIRST_OBJECTS,
    "start-apiextensions-controllers": Step.DEFINITIONS,
    "start-apiextensions-informers": Step.CACHE,
    "start-apiserver-admission-initializer": Step.CACHE,
    "start-cluster-authentication-info-controller": Step.SERVING,
    "start-kube-aggregator-informers": Step.CACHE,
    "start-kube-apiserver-identity-lease-controller": Step.SERVING,
    "start-kube-apiserver-identity-lease-garbage-collector": Step.SERVING,
    "start-kubernetes-service-cidr-controller": Step.DESCRIPTION,
    "start-legacy-token-tracking-controller": Step.SERVING,
    "start-service-ip-repair-controllers": Step.SERVING,
    "start-system-namespaces-controller": Step.FIRST_OBJECTS,
    "storage-object-count-tracker-hook": Step.SERVING,
    "storage-readiness": Step.CACHE,
}
_STEPS = {f"poststarthook/{name}": step for name, step in _HOOKS.items()} | {
    "autoregister-completion": Step.DESCRIPTION
}

HEALTHZ = ("ping", "log", "etcd", "loopback-serving-certificate", *_STEPS)
"""What `/healthz` and `/livez` look at. Nothing can go wrong with log and certificate: the process has its logs written
by others, and reaches itself without TLS."""
READYZ = ("ping", "log", "etcd", "etcd-readiness", "informer-sync", *_STEPS, "shutdown")
"""What `/readyz` looks at."""


def problems(check: ServerCheck | None) -> dict[str, str]:
    """What is wrong, by the name of the check; None: the server does not answer.

    >>> problems(ServerCheck(store="", is_current=True, steps=len(Step)))
    {}
    >>> problems(ServerCheck(store="", is_current=False, steps=5))["poststarthook/priority-and-fairness-filter"]
    'not finished'
    """
    found: dict[str, str] = {}
    store = "the server does not answer" if check is None else check.store
    if store:
        found["etcd"] = found["etcd-readiness"] = store
    if check is None or not check.is_current:
        found["informer-sync"] = "1 informers not started yet: the cache does not follow the store"
    over = [] if check is None else [*Step][: check.steps]
    return found | {name: "not finished" for name, step in _STEPS.items() if step not in over}


class _Server(Protocol):
    def ask(self, request: Request[R], *, timeout_seconds: float = ...) -> Awaitable[R]: ...


def looking_at(server: _Server) -> Callable[[], Awaitable[Mapping[str, str]]]:
    """Looks at a server whenever it is called: what is wrong, by the name of the check."""

    async def look() -> Mapping[str, str]:
        try:
            return problems(await server.ask(CheckServer(), timeout_seconds=STORE_SECONDS * 2))
        except ActorError:
            return problems(None)

    return look
