"""``josi``: thin verbs over the functions of this package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from josi_utils import cli_export, cli_model, cli_share
from josi_utils.errors import JosiError


def parser() -> argparse.ArgumentParser:
    """Return the parser with every verb; heavy imports wait until a verb runs."""
    import josi_utils

    top = argparse.ArgumentParser(
        prog="josi",
        description="Train, prove and ship a small language model that speaks for a coaching engine.",
        epilog="josi VERB --help shows options and an example. The whole road: python run_all.py",
    )
    top.add_argument("--version", action="version", version=f"josi {josi_utils.__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    cli_model.add_verbs(verbs)
    cli_export.add_verbs(verbs)
    cli_share.add_verbs(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0 fine, 1 a gate or check failed, 2 bad input."""
    options = parser().parse_args(arguments)
    try:
        return options.function(options) or 0
    except JosiError as error:
        print(f"josi {options.verb}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.filename is None:  # no place to name: not the user's to mend
            raise
        print(f"josi {options.verb}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
