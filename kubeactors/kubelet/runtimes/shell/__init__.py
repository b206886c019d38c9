"""A simulated shell, and the commands of simulated containers.

    tree.py          the syntax tree             words.py, parser.py   the parser
    interpreter.py   the interpreter             state.py              the state of a shell
    compound_commands.py  loops and the like     executables.py       files that can be run
    redirection.py   redirections                prompt.py             interactive input
    expansion.py     word expansions             arithmetic.py         `$((...))`
    patterns.py      patterns                    field_splitting.py    splitting by IFS
    built_ins.py     built-in commands: variable_built_ins.py, signal_built_ins.py
    conditions.py    `test`                      quoting.py            quoting of output
    catalogue.py     all other commands; options.py parses their options:
        text         text_commands.py, line_commands.py, columns.py, dumps.py, grep.py, sort.py, cut.py, ends.py, tr.py, perl.py,
                     sed.py (sed_script.py, sed_editor.py, sed_lines.py),
                     awk.py (awk_program.py, awk_parser.py, awk_tokens.py, awk_statements.py, awk_code.py, awk_calls.py,
                     awk_functions.py, awk_values.py, awk_state.py, awk_streams.py)
        files        file_commands.py, install.py, disk_commands.py, ls.py, modes.py, find.py, archive.py, compression.py, pieces.py
        processes    process_commands.py, xargs.py, system_commands.py, date.py, expr.py, printing.py, seq.py
        networks     network_commands.py, web_commands.py
    regular_expressions.py  POSIX regular expressions: expression_parser.py, expression_matcher.py
    knowledge.py     static analysis of commands
    processes.py     programs in virtual time    machine.py            what the processes of a container share
    pipes.py         their streams               files.py              files in memory
    terminal.py      a terminal                  users.py              users and groups

A program is a generator that yields how long it sleeps or what it waits for (`processes.py`); its output goes to
sinks at once. A process has a budget of work in a second of virtual time (500 commands), so that a loop that never
sleeps does not block everything else; children charge theirs to their parent when they exit. Of bash's extensions
those of ash are supported, and arrays without gaps. The simulated runtime uses it, and so do coroutine containers for
commands that their image lacks.
Source: POSIX.1-2024, and busybox 1.37 for unspecified behaviour.
"""
