"""What network faults do to messages: the rules that a `Network` applies.

    watches.py    lag, break, repeat, and servers that are behind
    writes.py     conflicts, lost and delayed replies, rejections of single writes, crashes after them
    links.py      whole connections: refused, partitioned, served by a newer version
    common.py     shared helpers

In each, `fired` is called when the rule takes effect.
"""
