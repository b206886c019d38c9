"""xoscar's part in the benchmarks, where it is installed: an actor pool in this process, on its usual transport."""

from benchmarks.actors.question import Contestant, Stopwatch

try:
    import xoscar
except ImportError:
    xoscar = None
else:

    class XoscarCounter(xoscar.Actor):
        """Counts."""

        def __init__(self) -> None:
            self.total = 0

        def add(self) -> None:
            """One more."""
            self.total += 1

        def get_total(self) -> int:
            """How many there were."""
            return self.total


async def tell(count: int) -> float:
    """Messages without a reply."""
    async with await xoscar.create_actor_pool("127.0.0.1", n_process=0) as pool:
        ref = await xoscar.create_actor(XoscarCounter, address=pool.external_address, uid="counter")
        with Stopwatch() as watch:
            for _ in range(count):
                await ref.add.tell()
            while await ref.get_total() < count:
                pass
        return watch.seconds


async def ask(count: int) -> float:
    """Calls of a method, one after the other."""
    async with await xoscar.create_actor_pool("127.0.0.1", n_process=0) as pool:
        ref = await xoscar.create_actor(XoscarCounter, address=pool.external_address, uid="counter")
        with Stopwatch() as watch:
            for _ in range(count):
                await ref.get_total()
        return watch.seconds


async def spawn(count: int) -> float:
    """Actors, one after the other."""
    async with await xoscar.create_actor_pool("127.0.0.1", n_process=0) as pool:
        with Stopwatch() as watch:
            for number in range(count):
                await xoscar.create_actor(XoscarCounter, address=pool.external_address, uid=f"counter-{number}")
        return watch.seconds


def peer(contestant: Contestant) -> dict[str, Contestant]:
    """The contestant by its name, if it can take part."""
    return {"xoscar": contestant} if xoscar is not None else {}
