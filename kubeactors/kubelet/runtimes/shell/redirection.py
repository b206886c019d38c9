"""Redirections of commands."""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.expansion import text_of
from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.machine import opened
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink, Streams
from kubeactors.kubelet.runtimes.shell.processes import Step
from kubeactors.kubelet.runtimes.shell.state import ShellState
from kubeactors.kubelet.runtimes.shell.tree import Redirection, Script


class Redirecting(ShellState):
    """The part of a shell that performs redirections."""

    def substitute(self, script: Script) -> Generator[Step, None, str]:
        """See `Scope`."""
        raise NotImplementedError

    def redirected(self, redirections: tuple[Redirection, ...]) -> Generator[Step, None, Streams | None]:
        """The streams of a command; None if a redirection failed, after an error message."""
        streams = self.streams.copy()
        for one in redirections:
            target = yield from text_of(one.target, self)
            try:
                self._redirect(one, target, streams)
            except FileError as error:
                self.complain(str(error))
                self.status = 1
                return None
        return streams

    def _redirect(self, one: Redirection, target: str, streams: Streams) -> None:
        match one.operator:
            case "<<":
                streams.redirect(one.descriptor, Pipe(target.encode(errors="surrogateescape"), closed=True))
            case "<":
                streams.redirect(one.descriptor, self._readable(target, streams))
            case ">&" | "<&":
                streams.redirect(one.descriptor, self._duplicated(target, streams))
            case "<>":
                self._written(target, streams, append=True)
                streams.redirect(one.descriptor, self._readable(target, streams))
            case "&>":
                streams.output = streams.error = self._written(target, streams)
            case operator:
                if operator == ">" and self.options.get("C") and self.files.is_file(absolute(target, self.directory)):
                    raise FileError(f"can't create {target}: File exists")
                streams.redirect(one.descriptor, self._written(target, streams, append=operator == ">>"))

    def _readable(self, target: str, streams: Streams) -> Pipe:
        if target == "/dev/null":
            return Pipe(closed=True)
        if target in {"/dev/stdin", "/proc/self/fd/0"}:
            return streams.input
        try:
            return Pipe(self.files.read(absolute(target, self.directory)), closed=True)
        except FileError as error:
            reason = "no such file" if str(error) == "No such file or directory" else error
            raise FileError(f"can't open {target}: {reason}") from None

    def _written(self, target: str, streams: Streams, *, append: bool = False) -> Sink:
        """Open a file for writing; a new one gets the permissions that the umask leaves."""
        path = absolute(target, self.directory)
        exists = self.files.exists(path)
        try:
            sink = opened(path, self.machine, streams, append=append)
        except FileError as error:
            reason = "nonexistent directory" if str(error) == "No such file or directory" else error
            raise FileError(f"can't create {target}: {reason}") from None
        file = None if exists else self.files.find(path)
        if file is not None:
            file.mode = 0o666 & ~self.umask
        return sink

    @staticmethod
    def _duplicated(target: str, streams: Streams) -> Sink:
        if target == "-":
            return Pipe(closed=True)
        stream = streams.of(int(target)) if target.isascii() and target.isdecimal() else None
        if stream is None:
            raise FileError(f"{target}: Bad file descriptor")
        return stream
