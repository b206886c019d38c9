"""The debugger of `kubeactors replay --pause-at`: quitting it ends the run."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pdb import Pdb

ENDED = 130
"""The exit code of a run that was ended in the debugger."""


class Left(BaseException):
    """The user has quit the debugger. Not an `Exception`: the actor at work has not failed, and no handler may catch it."""


class _Debugger(Pdb):
    """Ends the run on `q`; Python's debugger would fail the current actor and let all others go on."""

    def set_quit(self) -> None:
        """End the run."""
        super().set_quit()
        raise Left


@contextmanager
def debugger() -> Generator[None]:
    """Within the block `breakpoint()` opens a debugger in which `q` ends the program, unless PYTHONBREAKPOINT is set.

    Raises:
        SystemExit: the user has quit the debugger.
    """
    before = sys.breakpointhook
    if not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _stop
    try:
        yield
    except Left:
        print("kubeactors: the run was ended in the debugger before its outcome was known", file=sys.stderr)
        sys.exit(ENDED)
    finally:
        sys.breakpointhook = before


def _stop() -> None:
    _Debugger().set_trace(sys._getframe().f_back)  # noqa: SLF001 -- as `pdb.set_trace` finds its caller
