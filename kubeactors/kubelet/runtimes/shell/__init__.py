"""The commands of simulated containers, and the shell that runs them.

    tree.py          a script as a tree          words.py, parser.py   reading it
    interpreter.py   running it                  state.py              what a shell knows
    redirection.py   where commands read and write   prompt.py       what is typed at a shell
    expansion.py     what becomes of words       arithmetic.py         `$((...))`
    built_ins.py     commands of the shell       conditions.py         `test`
    catalogue.py     all other commands: system_commands.py, text_commands.py, line_commands.py, file_commands.py,
                     disk_commands.py, network_commands.py, web_commands.py, process_commands.py, archive.py,
                     printing.py, perl.py, stream_editors.py (sed_script.py, awk_parser.py, awk_code.py, awk_state.py)
    regular_expressions.py  as POSIX has them
    knowledge.py     what can be said of a command before it runs
    processes.py     programs in virtual time    machine.py            what those of one container share
    pipes.py         what they read and write    files.py              files in memory
    terminal.py      what somebody types         users.py              as whom they run

A program is a generator that says how long it sleeps or what it waits for (`processes.py`); what it writes goes to sinks
at once. A process runs 500 commands in a second of virtual time and no more, so that a loop which never sleeps does not
hold up everything else. Of what bash has besides POSIX only `[[ ]]` and arrays without gaps are understood.

Who uses it: the simulated runtime, and containers that are coroutines for commands that their image does not have.
Where its behaviour comes from: POSIX.1-2024, and busybox 1.37 for what is left open.
"""
