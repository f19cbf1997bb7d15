"""The best file that fits a size: quantise several ways, measure what fits, keep the best.

q4_k_m of the 360M is 271 MB, as its rows of 960 divide by no K-quant's block. Types with blocks of
32 reach 210 MB, if the embeddings (13 % of its weights) are not left at Q8_0.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import disk_errors_explained
from josi_utils.gguf_quantise import quantise

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Candidate:
    """A way to quantise: a name of ``QUANT_TYPES`` and the type of (tied) embeddings."""

    quant: str
    embedding_type: str | None = None

    @property
    def name(self) -> str:
        """``"iq4_nl"``, or ``"iq4_nl, embeddings q4_1"``."""
        return self.quant + (f", embeddings {self.embedding_type}" if self.embedding_type else "")


#: From wide to narrow; the first is what most people ship.
CANDIDATES: tuple[Candidate, ...] = (
    Candidate("q4_k_m"),
    Candidate("iq4_nl"),
    Candidate("iq4_nl", "q5_0"),
    Candidate("iq4_nl", "q4_1"),
    Candidate("iq4_nl", "iq4_nl"),
    Candidate("q4_0", "q4_0"),
)


def quantise_to_budget(
    src: Path | str,
    out: Path | str,
    size_budget_mb: float,
    *,
    measure: Callable[[Path], float] | None = None,
    candidates: Sequence[Candidate] = CANDIDATES,
    imatrix: Mapping[str, np.ndarray] | None = None,
    imatrix_source: str = "",
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write the best quantisation of ``src`` that is at most ``size_budget_mb`` (MB of 10⁶ bytes).

    Parameters
    ----------
    measure : callable, optional
        File to badness (such as mean KL divergence from the f16 file); the least wins. Left out,
        the file with the most bits a weight wins.
    candidates, imatrix, imatrix_source, progress
        What is tried, and what :func:`josi_utils.gguf_quantise.quantise` is given.

    Returns
    -------
    dict
        The report of :func:`josi_utils.gguf_quantise.quantise` for the chosen file, with
        ``chosen`` and ``table``: a row a candidate with ``name``, ``size``, ``bits_per_weight``,
        ``fits``, ``badness`` (None where not measured).

    Raises
    ------
    JosiError
        If no candidate fits; the message names the smallest.
    """
    out, rows = Path(out), []
    best: tuple[float, dict[str, Any], Path] | None = None
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        for number, candidate in enumerate(candidates):
            path = Path(folder) / f"{number}.gguf"
            report = quantise(
                src,
                path,
                candidate.quant,
                imatrix=imatrix,
                imatrix_source=imatrix_source,
                embedding_type=candidate.embedding_type,
                progress=progress,
            )
            fits = report["size"] <= size_budget_mb * 1e6
            badness = measure(path) if fits and measure else None
            rows.append(
                {
                    "name": candidate.name,
                    "size": report["size"],
                    "bits_per_weight": report["bits_per_weight"],
                    "fits": fits,
                    "badness": badness,
                }
            )
            order = badness if badness is not None else -report["bits_per_weight"]
            if fits and (best is None or order < best[0]):
                if best:
                    best[2].unlink()
                best = (order, {**report, "chosen": candidate.name}, path)
            else:
                path.unlink()
        if best is None:
            least = min(rows, key=lambda row: row["size"])
            raise JosiError(
                f"{out}: no quantisation fits {size_budget_mb:g} MB; the smallest is "
                f"{least['name']} with {least['size'] / 1e6:.1f} MB; raise the budget"
            )
        with disk_errors_explained(out):
            os.replace(best[2], out)
    return {**best[1], "path": str(out), "table": rows}


def kl_from(f16: Path | str, rows: Sequence[Mapping[str, list[int]]]) -> Callable[[Path], float]:
    """Return a measure: mean KL divergence (nats) of a file from ``f16``.

    ``rows`` have ``ids`` and ``places`` (positions whose predictions are compared), as of
    :func:`josi_utils.quality.scored_rows`. The reference is read once.
    """
    import numpy as np

    from josi_utils.divergence import kl_divergence
    from josi_utils.llama_probe import logits_at
    from josi_utils.llama_runtime import open_model

    context = 256 * -(-max(len(row["ids"]) for row in rows) // 256)

    def read(path: Path | str) -> list[np.ndarray]:
        with open_model(path, n_ctx=context) as model:
            return [logits_at(model, row["ids"], row["places"]) for row in rows]

    reference = read(f16)

    def measure(path: Path) -> float:
        pairs = zip(reference, read(path), strict=True)
        return float(np.concatenate([kl_divergence(p, q) for p, q in pairs]).mean())

    return measure
