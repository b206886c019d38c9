"""The server of a simulated container: it answers every HTTP/1.1 request with one line.

Source: RFC 9112; parsed by llhttp.
"""

import httptools

_HEAD = b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: %s\r\n\r\n"


class SimulatedServer:
    r"""A connection. Feed it what the client sends; it returns what to send back.

    Args:
        text: the response to every request.

    >>> server = SimulatedServer("hi")
    >>> server.answer(b"GET / HTTP/1.1\r\nhost: web\r\n"), server.answer(b"\r\n")[-4:], server.is_over
    (b'', b'\r\nhi', False)
    >>> server.answer(b"PING\r\n").partition(b"\r\n")[0], server.is_over
    (b'HTTP/1.1 400 Bad Request', True)
    """

    def __init__(self, text: str) -> None:
        self.is_over: bool = False
        """Whether the server closes the connection now."""
        self._body = text.encode()
        self._parser = httptools.HttpRequestParser(self)
        self._answers: list[bytes] = []

    def answer(self, data: bytes) -> bytes:
        """The responses to the requests that this piece completes."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_over = True  # the rest is another protocol
        except httptools.HttpParserError:
            self.is_over = True
            self._say(b"400 Bad Request", b"bad request\n")
        answers = b"".join(self._answers)
        self._answers.clear()
        return answers

    def on_message_complete(self) -> None:
        """Called by the parser at the end of a request."""
        self.is_over = self.is_over or not self._parser.should_keep_alive()
        self._say(b"200 OK", self._body)

    def _say(self, status: bytes, body: bytes) -> None:
        head = _HEAD % (status, len(body), b"close" if self.is_over else b"keep-alive")
        is_head = self._parser.get_method() == b"HEAD"
        self._answers.append(head if is_head else head + body)
