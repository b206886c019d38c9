"""Many runs: over all cores, over a cluster, again later; and what is said of them.

    campaign.py    scenarios one after the other           batches.py     some of them, as a piece of work
    workers.py     who does these: processes, or Ray       ledger.py      the report directory: what is known so far
    causes.py      which failures are one                  finding.py     one of them, with its plan
    reproduction.py  whether it can be had again           garbage.py     what a run leaves

Who sends to it: the commands `fuzz` and `replay`, and tests.
"""
