"""What network faults do to messages: the rules that a `Network` asks.

    watches.py    lag, break, repeat, and servers that are behind
    writes.py     conflicts, lost and late replies, refusals of single writes, crashes after them
    links.py      whole connections: refused, cut, served by a newer version
    common.py     what several of them need

In each, `fired` is called when the rule takes effect.
"""
