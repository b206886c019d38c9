"""What breaks, and heals: faults as data, and who does them.

    faults.py          what breaks, as data            chaos.py         arms faults, heals them
    rules/             what network faults do to messages
    network_faults.py  which of these a fault is       concern.py       whom a fault is about
    crash.py           what a component raises that crashes
    skew.py            what versions of the API server differ in
    power.py           the power of machines           troubles.py      how containers start meanwhile
    corruption.py      which fields go wrong, and how  spoiler.py       writes what is wrong
    meddling.py        what users do to what is being written
    disk.py            the store's disk

Who sends to it: a `Simulation`, which gives it the faults of its plan. What it sends: messages that were delayed,
changed or repeated, crashes, and writes that spoil what is stored.
"""
