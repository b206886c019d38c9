"""Interactive input of a shell."""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.pipes import Streams
from kubeactors.kubelet.runtimes.shell.processes import Step, Until
from kubeactors.kubelet.runtimes.shell.tree import Script
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError, Unfinished


def read_command(streams: Streams) -> Generator[Step, None, Script | None]:
    """Read the next command, over as many lines as it needs; None at the end."""
    source, text = streams.input, ""
    while True:
        streams.prompt(more=bool(text))
        yield Until(lambda: source.has_line)
        line = source.take_line().decode(errors="surrogateescape")
        if not line and not text:
            return None
        text += line
        try:
            return parse(text)
        except Unfinished as error:
            if not line:
                raise ShellSyntaxError(f"syntax error: {error}") from None
        except ShellSyntaxError as error:
            raise ShellSyntaxError(f"syntax error: {error}") from None
