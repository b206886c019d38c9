"""Redirections of commands."""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.expansion import text_of
from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.machine import opened
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Streams
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
                self.complain(f"can't {'open' if one.operator == '<' else 'create'} {target}: {error}")
                self.status = 1
                return None
        return streams

    def _redirect(self, one: Redirection, target: str, streams: Streams) -> None:
        match one.operator:
            case "<<":
                streams.input = Pipe(target.encode(errors="surrogateescape"), closed=True)
            case "<":
                path = absolute(target, self.directory)
                known = target in {"/dev/null", "/dev/stdin"}
                if target != "/dev/stdin":
                    streams.input = Pipe(b"" if known else self.files.read(path), closed=True)
            case ">&" | "<&":
                if target == "1":
                    streams.error = streams.output
                elif target == "2":
                    streams.output = streams.error
                elif target != "-":
                    raise FileError("bad file descriptor")
            case operator:
                path = absolute(target, self.directory)
                sink = opened(path, self.machine, self.streams, append=operator == ">>")
                if one.descriptor == 2:
                    streams.error = sink
                else:
                    streams.output = sink
