"""How a verb is declared: name, one line of help, an example."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable


def add_verb(
    verbs: argparse._SubParsersAction,
    name: str,
    function: Callable[[argparse.Namespace], int | None],
    help: str,
    example: str,
) -> argparse.ArgumentParser:
    """Add a verb; ``function`` gets the options and returns the exit status (None is 0)."""
    verb = verbs.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(function=function)
    return verb


def say(line: str) -> None:
    """Print a progress line where it does not mix with a verb's output."""
    print(line, file=sys.stderr, flush=True)
