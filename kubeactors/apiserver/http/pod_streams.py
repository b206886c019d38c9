"""Streams of running pods: logs, exec, attach and port-forward.

Source: pkg/registry/core/pod/strategy.go LogLocation, pkg/registry/core/pod/rest/log.go (v1.36).
"""

from collections.abc import Iterator
from typing import Protocol, cast

import anyio
import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.field import FieldError, forbidden
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.requests import Get, Result
from kubeactors.apimachinery.status import BadRequest, MethodNotAllowed, Status, StatusDetails, StatusError, invalid
from kubeactors.apimachinery.time import parse_time
from kubeactors.apiserver.http.messages import Answer, HttpRequest, Response, Takeover, Write
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.port_forward import PortForward
from kubeactors.apiserver.http.query import Query
from kubeactors.apiserver.http.remote_command import RemoteCommand, wanted_streams
from kubeactors.apiserver.http.server_ref import ServerRef, ask
from kubeactors.apiserver.http.usage import UsageSource
from kubeactors.kubelet import Attach, Exec, FindPort, Log, LogReply, PortReply, ReadLog, SessionReply
from kubeactors.kubelet.runtimes.streams import Output
from kubeactors.message import Recipient

STREAMED = frozenset({"log", "exec", "attach", "portforward"})
"""The subresources that are served here."""

FOLLOW_SECONDS = 0.25
"""The interval at which a followed log is read."""


class LogSource(Protocol):
    """Access to logs: the kubelets."""

    async def read(self, node: str, request: ReadLog) -> LogReply:
        """The log of a container on a node."""
        ...


class PodAccess(LogSource, UsageSource, Protocol):
    """Access to running pods: the kubelets."""

    async def begin(self, node: str, request: Exec | Attach) -> SessionReply:
        """Run a command in a container, or attach to it."""
        ...

    async def find_port(self, node: str, request: FindPort) -> PortReply:
        """Find the address of a pod's port."""
        ...


class PodStreams:
    """Serves requests for logs, exec, attach and port-forward."""

    def __init__(self, server: ServerRef, pods: PodAccess | None) -> None:
        self._server = server
        self._pods = pods

    async def answer(self, request: HttpRequest, path: ResourcePath) -> Answer:
        """The response to a request for one of `STREAMED`.

        Raises:
            StatusError: it is rejected.
        """
        query = request.query
        if path.subresource == "log":
            _check(query, path.name)
        pod = await self._pod(request, path)
        if path.subresource == "log":
            container = _container(pod, query.text("container"))
            if not pod.spec.node_name or self._pods is None:
                return Response(code=204)
            follow = query.flag("follow") or False
            return await self._log(self._pods, pod, _wanted(query, pod, container), follow=follow)
        if self._pods is None:
            raise MethodNotAllowed.saying("this server has no access to running pods", StatusDetails())
        return Takeover(self._session(self._pods, pod, path.subresource, query).run)

    def _session(self, pods: PodAccess, pod: Pod, subresource: str, query: Query) -> RemoteCommand | PortForward:
        node, name, namespace = pod.spec.node_name, pod.metadata.name, pod.metadata.namespace
        container = "" if subresource == "portforward" else _container(pod, query.text("container"))
        if not node:
            raise BadRequest.saying(f"pod {name} does not have a host assigned")
        if subresource == "portforward":
            return PortForward(
                name,
                lambda port: pods.find_port(node, FindPort(namespace=namespace, pod=name, port=port)),
                _ports(query),
            )
        wanted = wanted_streams(query)

        async def begin(output: Recipient[Output]) -> SessionReply:
            if subresource == "attach":
                return await pods.begin(node, Attach(namespace=namespace, pod=name, container=container, output=output))
            command = query.texts("command")
            run = Exec(
                namespace=namespace, pod=name, container=container, command=command, tty=wanted.tty, output=output
            )
            return await pods.begin(node, run)

        if subresource == "exec" and not query.texts("command"):
            raise BadRequest.saying("you must specify at least one command for the container", StatusDetails())
        return RemoteCommand(wanted, begin)

    async def _pod(self, request: HttpRequest, path: ResourcePath) -> Pod:
        get = Get(resource=path.resource, namespace=path.namespace, name=path.name, user=request.user)
        return cast("Pod", cast("Result", await ask(self._server, get)).object)

    async def _log(self, source: LogSource, pod: Pod, wanted: ReadLog, *, follow: bool) -> Answer:
        log = await source.read(pod.spec.node_name, wanted)
        if isinstance(log, Status):
            raise StatusError.of(log)
        if follow and not log.ended:
            return LogStream(source, pod.spec.node_name, wanted, log)
        return Response(body=_text(log), content_type="text/plain")


class LogStream:
    """A followed log: what exists, then what is added, until the container ends."""

    content_type = "text/plain"

    def __init__(self, source: LogSource, node: str, wanted: ReadLog, first: Log) -> None:
        self._source = source
        self._node = node
        # the number of lines applies to existing ones only, the limit of bytes to all
        self._wanted = msgspec.structs.replace(wanted, tail_lines=None)
        self._log = first
        self._closed = anyio.Event()

    async def run(self, write: Write) -> None:
        """Write lines as they are added."""
        await self._write(write)
        while not self._log.ended and not self._closed.is_set():
            with anyio.move_on_after(FOLLOW_SECONDS):
                await self._closed.wait()
            log = await self._source.read(self._node, msgspec.structs.replace(self._wanted, skip_lines=self._log.total))
            if isinstance(log, Status):
                return
            self._log = log
            await self._write(write)

    def close(self) -> None:
        """End the stream."""
        self._closed.set()

    async def _write(self, write: Write) -> None:
        text = _text(self._log)
        if text:
            await write(text)
        if self._wanted.limit_bytes is not None:
            left = self._wanted.limit_bytes - len(text)
            self._wanted = msgspec.structs.replace(self._wanted, limit_bytes=max(left, 0))
            if left <= 0:
                self._closed.set()


def _ports(query: Query) -> tuple[int, ...]:
    """The ports in a request: repeated parameters, or separated by commas.

    Raises:
        BadRequest: one of them is not a port.
    """
    named = [one for text in query.texts("ports") for one in text.split(",")]
    for one in named:
        if not one.isdecimal() or not 0 < int(one) < 1 << 16:
            raise BadRequest.saying(f'unable to parse "{one}" as a port', StatusDetails())
    return tuple(map(int, named))


def _check(query: Query, pod: str) -> None:
    if errors := tuple(_errors(query)):
        raise invalid("PodLogOptions", "", pod, errors)


def _errors(query: Query) -> Iterator[FieldError]:
    tail, limit, since = query.number("tailLines"), query.number("limitBytes"), query.number("sinceSeconds")
    if tail is not None and tail < 0:
        yield invalid_field("tailLines", tail, "must be greater than or equal to 0")
    if limit is not None and limit < 1:
        yield invalid_field("limitBytes", limit, "must be greater than 0")
    if since is not None and "sinceTime" in query:
        yield forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    elif since is not None and since < 1:
        yield invalid_field("sinceSeconds", since, "must be greater than 0")


def _wanted(query: Query, pod: Pod, container: str) -> ReadLog:
    return ReadLog(
        namespace=pod.metadata.namespace,
        pod=pod.metadata.name,
        container=container,
        previous=query.flag("previous") or False,
        timestamps=query.flag("timestamps") or False,
        since=_moment(query.text("sinceTime")),
        since_seconds=query.number("sinceSeconds"),
        tail_lines=query.number("tailLines"),
        limit_bytes=query.number("limitBytes"),
    )


def _moment(text: str) -> int:
    try:
        return parse_time(text) if text else 0
    except ValueError as error:
        raise BadRequest.saying(str(error)) from error


def _container(pod: Pod, name: str) -> str:
    """The named container, or the only one.

    Raises:
        BadRequest: it does not exist; or there are several, and none is named.
    """
    spec, of_pod = pod.spec, pod.metadata.name
    every = [one.name for one in (*spec.init_containers, *spec.containers, *spec.ephemeral_containers)]
    if name:
        if name not in every:
            raise BadRequest.saying(f"container {name} is not valid for pod {of_pod}")
        return name
    if len(spec.containers) == 1:
        return spec.containers[0].name
    raise BadRequest.saying(f"a container name must be specified for pod {of_pod}, choose one of: [{' '.join(every)}]")


def _text(log: Log) -> bytes:
    return "".join(f"{line}\n" for line in log.lines).encode()
