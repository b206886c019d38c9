"""Mutants that nobody has thought of: small mistakes, made by rule in the code of our components.

    operators.py    what mistakes there are        mutants.py    where they can be made; makes one
    left_out.py     where they would be none
    marks.py        where would they make a difference?    hunt.py       the default campaign on one of them

A mutant is named by its function and by what is wrong with it, so that the name stays when other code changes.
"""
