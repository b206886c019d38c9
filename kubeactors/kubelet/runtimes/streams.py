"""What goes to and fro between whoever runs a command in a container, or is attached to one, and the container.

Source: the channels are those of k8s.io/apimachinery/pkg/util/remotecommand (v1.36).
"""

from typing import TypeAlias

from kubeactors.message import Message


class Stdin(Message, frozen=True):
    """Bytes that the command reads."""

    data: bytes


class StdinClosed(Message, frozen=True):
    """Nothing more to read will come."""


class Resized(Message, frozen=True):
    """The terminal has this size now, in characters."""

    width: int
    height: int


class HungUp(Message, frozen=True):
    """Whoever ran the command is gone: it need not go on."""


class Stdout(Message, frozen=True):
    """Bytes that the command wrote."""

    data: bytes


class Stderr(Message, frozen=True):
    """Bytes that the command wrote to say what is wrong."""

    data: bytes


class Ended(Message, frozen=True):
    """The command has ended. `failure` says why it could not even begin, and is empty if it did."""

    exit_code: int
    failure: str = ""


Input: TypeAlias = Stdin | StdinClosed | Resized | HungUp
Output: TypeAlias = Stdout | Stderr | Ended
