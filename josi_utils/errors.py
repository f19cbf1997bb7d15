"""The one exception that a user is meant to read."""

from __future__ import annotations


class JosiError(Exception):
    """Bad input or a state that the user can mend.

    The message is one line: what is wrong, where, and what to do. The command line prints it
    without a traceback and exits with status 2.
    """
