"""Mutants that bring shipped bugs back into our components, one at a time.

    client.py   workloads.py   services.py   nodes.py   watches.py   operators.py

Each is a patch of a component, in force within its context.
"""
