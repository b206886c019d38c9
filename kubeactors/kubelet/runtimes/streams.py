"""The messages between a container and a client that runs a command in it or is attached to it.

Source: the channels are those of k8s.io/apimachinery/pkg/util/remotecommand (v1.36).
"""

from typing import TypeAlias

from kubeactors.message import Message


class Stdin(Message, frozen=True):
    """Input for the command."""

    data: bytes


class StdinClosed(Message, frozen=True):
    """The end of the input."""


class Resized(Message, frozen=True):
    """The new size of the terminal, in characters."""

    width: int
    height: int


class HungUp(Message, frozen=True):
    """The client is gone, so the command need not continue."""


class Stdout(Message, frozen=True):
    """Output of the command."""

    data: bytes


class Stderr(Message, frozen=True):
    """Error output of the command."""

    data: bytes


class Ended(Message, frozen=True):
    """The command has exited. `failure` says why it could not start, and is empty if it did."""

    exit_code: int
    failure: str = ""


Input: TypeAlias = Stdin | StdinClosed | Resized | HungUp
Output: TypeAlias = Stdout | Stderr | Ended
