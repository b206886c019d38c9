"""The garbage of a scenario: a whole cluster, full of circles, and all of it young."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

OBJECTS_OF_A_SCENARIO = 200_000
"""More than there are at a time in all but the largest."""


@contextmanager
def collected_once() -> Generator[None]:
    """Let the garbage collector look when the block is over, at what came in it: until then there is next to none.

    To look again and again costs a fifteenth of a scenario's time.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(OBJECTS_OF_A_SCENARIO, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.collect(0)
