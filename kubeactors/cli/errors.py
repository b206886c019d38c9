"""Usage errors: one sentence on standard error, exit code 2."""


class UsageError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


def said(error: Exception) -> str:
    """An error in one line, without its errno.

    >>> said(FileNotFoundError(2, "No such file or directory", "/nowhere"))
    '/nowhere: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())
