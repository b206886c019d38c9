"""The HTTPS edge of the API server: bytes to the Structs of `apimachinery/requests.py`, replies to bytes.

Who sends to it: kubectl and every other client over HTTPS. What it sends: requests to the API server's actor, by its
ref, as any component in the process does. It decides nothing about objects.

    app.py              the ASGI application            serving.py          sockets, TLS, uvicorn
    resources.py        requests for API objects        documents.py        everything else
    routes.py           which paths and verbs exist     paths.py            which resource a path names
    query.py            queries in Go's words           options.py          options and their validation
    bodies.py           objects from JSON and YAML      responses.py        bytes, warnings, compression
    negotiation.py      Accept and Content-Type         representations.py  objects, Tables, metadata only
    watching.py         a watch as a stream of lines    authentication.py   certificates, tokens, impersonation
    discovery.py        groups, versions, resources     openapi/            definitions and operations
    health.py           healthz, livez, readyz          door.py             the actor's troubles as refusals
    protobuf/           objects that typed clients send pod_streams.py      logs, and what leads to running pods
    remote_command.py   exec and attach                 port_forward.py     ports of pods, by SPDY
    channels.py         their channels, both ways       port_channels.py    ports of pods, by WebSocket alone
    forwarding.py       one connection to a port        duplex.py           the connections that all this goes by
    usage.py            metrics.k8s.io                  node_proxy.py       the stats summary of a node
    spdy.py             SPDY/3.1, bytes to events       upgrade.py          connections that are upgraded to it
    encodings.py        bytes of objects, made once     request_metrics.py  how many requests, and how quick
    exchange.py         a request and its answer        metrics.py          the text for Prometheus
    pod_proxy.py        requests to pods and Services   openid.py           who signs tokens, and with what key
    messages.py         one request, one answer         access.py           which access a request needs
    impersonation.py    on whose behalf somebody asks   subresources.py     their kinds and verbs
    collecting.py       families of metrics             zpages.py           `/statusz` and `/flagz`
    hints.py            the types of fields, for openapi/ and protobuf/
    simulated_server.py what simulated containers say to requests over HTTP

Behaviour follows apiserver/pkg/endpoints and apiserver/pkg/server of Kubernetes v1.36. Protobuf is read, but not written.
"""

from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.authentication import StaticTokens, TokenAuthenticator
from kubeactors.apiserver.http.health import Health, Look
from kubeactors.apiserver.http.pod_streams import PodAccess
from kubeactors.apiserver.http.serving import AddressInUse, Listening, Tls, serve

__all__ = [
    "AddressInUse",
    "ApiApp",
    "Health",
    "HttpSettings",
    "Listening",
    "Look",
    "PodAccess",
    "StaticTokens",
    "Tls",
    "TokenAuthenticator",
    "serve",
]
