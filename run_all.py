"""Run the whole road: notebooks 01 to 06 by papermill, skipping what still holds.

Examples
--------
    python run_all.py                          # default profile, run "default"
    python run_all.py --profile smoke          # minutes: every stage on little
    python run_all.py --from 04                # export, evaluate, share
    python run_all.py --only 05 -p seeds=5     # one stage, one parameter changed
"""

from __future__ import annotations

import argparse
import os
import sys

from josi_utils.errors import JosiError

# Threads that spin while they wait cost four fifths of the speed as soon as anything else runs on
# the same cores (docs/log.md); sleeping costs a quiet machine nothing that can be measured.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Libraries warn each other of renamed arguments; a reader of the pages can do nothing about it.
os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", default="default", help="default, smoke, 360m or 1.7b")
    parser.add_argument("--run", help="name of the run under outputs/ (default: the profile's)")
    parser.add_argument("--only", metavar="STAGE", help="one stage, such as 05 or evaluate")
    parser.add_argument("--from", dest="first", metavar="STAGE", help="first stage")
    parser.add_argument("--to", dest="last", metavar="STAGE", help="last stage")
    parser.add_argument("--force", action="store_true", help="run even where the record holds")
    parser.add_argument(
        "-p", dest="assigned", action="append", default=[], metavar="NAME=VALUE",
        help="set a notebook parameter; an unknown name is an error",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="show what would run, and stop")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the road; return the exit status."""
    from josi_utils.paths import RunPaths
    from josi_utils.profiles import parse_assignments, resolve_parameters
    from josi_utils.road import gate_lines, run_stages, select
    from josi_utils.stage import why_stale

    options = parser().parse_args(arguments)
    try:
        run = options.run or options.profile
        paths = RunPaths(run)
        stages = select(options.only, options.first, options.last)
        parameters = resolve_parameters(run, options.profile, parse_assignments(options.assigned))
        if options.list:
            for name in stages:
                print(f"{name}: {why_stale(name, paths, parameters[name]) or 'up to date'}")
            return 0
        done = run_stages(run, stages, parameters, force=options.force)
    except JosiError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; finished stages are kept, run again to go on", file=sys.stderr)
        return 130
    print()
    for line in done:
        state = "skipped" if line["skipped"] else "ran"
        print(f"{line['stage']:<12} {line['seconds']:>7.1f} s  {state:<7}  {line['figure']}")
    for gate in gate_lines(paths):
        print(f"  {gate['status']:<6} {gate['text']}")
    print(f"\nopen {paths.index}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
