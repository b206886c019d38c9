"""What workloads are judged by: how many pods there may and must be, where they have room, and what users want in the end.

rollouts.py    surge and availability       room.py      of nodes
placement.py   where pods may be            goals.py     what each user wants
timers.py      what is due as time passes   scores.py    how well nodes suit a pod
limits.py      how large claims may be      crowds.py    which nodes are emptier
ownership.py   who owns which fields
"""
