"""Golden cases: what a port of the guard must answer (:mod:`josi_utils.guard.verify`).

After a change that is meant, ``python -m josi_utils.guard.golden`` writes the answers anew and says
how many differ; read the difference before it is committed.
"""

from __future__ import annotations

import json

from josi_utils.files import read_jsonl, write_atomic
from josi_utils.guard.data import guard_dir
from josi_utils.guard.verify import answer


def rewrite_golden() -> int:
    """Write the answers of ``data/guard/golden.jsonl`` anew, the inputs as they are.

    Returns
    -------
    int
        How many lines differ from before.
    """
    from josi_utils.prompt import deck

    path = guard_dir() / "golden.jsonl"
    rows = [row for _, row in read_jsonl(path)]
    fresh = [
        {
            **row,
            **answer(
                row["kind"],
                row["case"],
                deck(),
                draw=row.get("draw", ""),
                finished=row.get("finished", True),
            ),
        }
        for row in rows
    ]
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in fresh))
    return sum(old != new for old, new in zip(rows, fresh, strict=True))


if __name__ == "__main__":
    print(f"{guard_dir() / 'golden.jsonl'}: {rewrite_golden()} answers differ")
