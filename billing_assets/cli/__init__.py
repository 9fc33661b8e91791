"""The command line: `billing`.

Belongs here: arguments, tables and messages for people, JSON for programs, exit codes.
Does not belong here: any rule, any SQL; a command calls the facade of ``wiring`` and shows what comes back.

Every module but ``main`` is one command or one group of commands. Whatever is slow to import is imported
inside the command that needs it, so that ``billing --help`` answers at once.
"""
