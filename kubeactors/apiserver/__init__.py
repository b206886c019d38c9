"""The API server: the one door to the state of the cluster. Authenticate, authorize, mutate, validate, registry, store.

    server.py       the actor: takes requests, answers       authorization.py  who may do what; rbac/ decides it
    parts.py        what it consists of, made anew with it
    reading.py      get and list                             writing.py        create, update, patch, delete
    showing.py      what is read, in the version asked for
    watching.py     where a watch begins                     streams.py        how it goes on and ends
    watchers.py     who watches, what is yet to be sent      freshness.py      who waits for the cache
    cacher.py       all objects and their recent changes     selection.py      scopes and selectors
    registry/       rules of kinds, and how they are stored  admission/        rules about requests
    bootstrap.py    what every cluster has from the start    codec.py, keys.py objects in the store
    service_repair.py  what services have and were given
    health.py       what is checked of the server, by name
    ownership.py    who owns which fields, and apply         lookalikes.py      the same, of pods that change alike
    collection.py   the objects of one resource              history.py        its recent changes
    changes.py      one of them, as a watcher sees it        pages.py          where a list that was cut goes on
    serving.py      what is served, and by which rules       selfdescription.py  what the server tells of itself
    config.py       what can be set                          tokens.py         tokens of service accounts
    messages.py     what it is told by itself                objects.py        changed copies of objects
    customresources/  kinds that come and go
    http/           bytes to requests, and back

Who sends to it: `client/` in this process, and `http/` for everybody else: the requests of `apimachinery/requests.py`.
What it sends: replies, `WatchEvents` and `WatchClosed` to subscribers, requests to `storage/`. It is the only room that
knows the store.
Where its behaviour comes from: k8s.io/apiserver and pkg/registry, plugin/pkg/admission of Kubernetes v1.36.
"""

from kubeactors.apiserver.authorization import Access, Authorizer
from kubeactors.apiserver.codec import ObjectCodec
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.messages import ApiMessage, IsReady
from kubeactors.apiserver.registry.tokens import Claims, TokenIssuer
from kubeactors.apiserver.server import ApiServer

__all__ = [
    "Access",
    "ApiMessage",
    "ApiServer",
    "ApiServerConfig",
    "Authorizer",
    "Claims",
    "IsReady",
    "ObjectCodec",
    "TokenIssuer",
]
