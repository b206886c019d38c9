"""Bugs that shipped, brought back into our components one at a time.

    client.py   workloads.py   services.py   nodes.py   watches.py   operators.py

Each is a patch of a component, in force while the context lasts.
"""
