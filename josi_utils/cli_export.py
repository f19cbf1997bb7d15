"""Verbs about GGUF files: export, quantisations, patch-gguf-v2."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from josi_utils.cli_verb import add_verb, say
from josi_utils.errors import JosiError


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    """Declare the verbs of this module."""
    verb = add_verb(verbs, "export", export, "write a model folder as GGUF and quantise it",
                    "josi export --model-path outputs/default/merged --quant q4_k_m")  # fmt: skip
    verb.add_argument("--model-path", type=Path, help="model folder; with --adapter, its base")
    verb.add_argument("--adapter", type=Path, metavar="LORA",
                      help="write this adapter as a GGUF, and its base quantised to run it on")  # fmt: skip
    verb.add_argument("--quant", default="q4_k_m", help="q4_k_m, q8_0, q4_0, iq4_nl, f16, …")
    verb.add_argument("--imatrix", type=Path, metavar="ROWS",
                      help="training rows (dataset/train.jsonl) for an importance matrix")  # fmt: skip
    verb.add_argument("--size-budget-mb", type=float, metavar="MB",
                      help="the best file of at most this size, in place of --quant")  # fmt: skip
    verb.add_argument("--measure-on", type=Path, metavar="ROWS",
                      help="held-out rows: best is the least KL divergence from f16 there, "
                           "else the most bits a weight")  # fmt: skip
    verb.add_argument("--out", type=Path, help="folder to write in (default: beside the model)")

    verb = add_verb(verbs, "quantisations", quantisations,
                    "measure what each quantisation of a run costs on the job, and recommend one",
                    "josi quantisations --run default --cases 60 --only 'q4_k_m, q4_k_m imatrix'")  # fmt: skip
    verb.add_argument("--run", default="default", help="a run that has been through 04_export")
    verb.add_argument("--cases", type=int, default=60, help="validation questions answered")
    verb.add_argument("--seeds", type=int, default=2, help="draws a question")
    verb.add_argument("--chats", type=int, default=32, help="conversations for KL divergence")
    verb.add_argument("--imatrix-rows", type=int, default=128, help="chats for the imatrix")
    verb.add_argument("--only", default="", help="names, with commas between (default: all)")
    verb.add_argument("--keep", action="store_true", help="keep the model files")
    verb.add_argument("--document", type=Path, help="also write the table here, as docs/ has it")

    verb = add_verb(verbs, "patch-gguf-v2", patch_gguf_v2, "write a GGUF v2 copy for old readers",
                    "josi patch-gguf-v2 josi-q4_k_m.gguf josi-q4_k_m-v2.gguf")  # fmt: skip
    verb.add_argument("source", type=Path, metavar="IN")
    verb.add_argument("target", type=Path, metavar="OUT")


def export(options: argparse.Namespace) -> int:
    """Export f16 and quantise; with ``--adapter``, the adapter and its base side by side."""
    from josi_utils import gguf_export, gguf_inspect, gguf_quantise, imatrix

    if options.adapter:
        return _export_adapter(options)
    if not options.model_path:
        raise JosiError("give --model-path FOLDER, or --adapter LORA")
    weighing: dict[str, Any] = {}
    if options.imatrix:
        chats = imatrix.training_chats(options.imatrix, imatrix.ROWS)
        weighing["imatrix"] = imatrix.compute_imatrix(options.model_path, chats, progress=say)
        weighing["imatrix_source"] = f"{len(chats)} training chats"
    folder = options.out or options.model_path.parent / "gguf"
    f16 = folder / "josi-f16.gguf"
    gguf_export.export_gguf(options.model_path, f16, progress=say)
    path = f16
    if options.size_budget_mb:
        path = folder / f"josi-{options.size_budget_mb:g}mb.gguf"
        _to_budget(options, f16, path, weighing)
    elif options.quant != "f16":
        path = folder / f"josi-{options.quant}.gguf"
        report = gguf_quantise.quantise(f16, path, options.quant, progress=say, **weighing)
        print(report["sentence"])
    gguf_inspect.require_josi_gguf(path)
    print(path)
    return 0


def _to_budget(
    options: argparse.Namespace, f16: Path, path: Path, weighing: dict[str, Any]
) -> None:
    """Write the best file under a size, and print what was tried."""
    from josi_utils import gguf_budget, imatrix, quality

    measure = None
    if options.measure_on:
        chats = imatrix.training_chats(options.measure_on, 24)
        measure = gguf_budget.kl_from(f16, quality.scored_rows(options.model_path, chats))
    report = gguf_budget.quantise_to_budget(
        f16, path, options.size_budget_mb, measure=measure, progress=say, **weighing
    )
    for row in report["table"]:
        kl = "" if row["badness"] is None else f", {row['badness']:.4f} nats from f16"
        mark = " <- chosen" if row["name"] == report["chosen"] else ""
        print(f"{row['name']}: {row['size'] / 1e6:.1f} MB, {row['bits_per_weight']:.2f} bits a weight"
              f"{kl}{'' if row['fits'] else ', too large'}{mark}")  # fmt: skip


def _export_adapter(options: argparse.Namespace) -> int:
    """Write adapter and quantised base; the app loads the one on top of the other."""
    from josi_utils import basemodel, gguf_adapter, gguf_inspect
    from josi_utils.files import read_json

    if options.model_path:
        name = str(options.model_path)
    else:  # 02 and josi train write it beside the adapter
        name = read_json(options.adapter.parent / "base_model.json").get("name", "")
    base, record = basemodel.resolve(name)
    # Not in gguf/, whose one quantised file is the product's.
    folder = options.out or options.adapter.parent.parent / "adapter-gguf"
    adapter, below = folder / "josi-adapter-f16.gguf", folder / f"base-{options.quant}.gguf"
    report = gguf_adapter.export_adapter(options.adapter, base, adapter, progress=say)
    say(f"adapter: rank {report['rank']}, {report['size'] / 1e6:.1f} MB")
    print(gguf_adapter.export_base(base, below, options.quant, base_record=record,
                                   progress=say)["sentence"])  # fmt: skip
    gguf_inspect.require_josi_gguf(below)
    print(f"{adapter}\n{below}")
    return 0


def quantisations(options: argparse.Namespace) -> int:
    """Make, measure and compare a run's quantisations; a killed call goes on where it was."""
    from josi_utils import quantisation_table
    from josi_utils.paths import RunPaths
    from josi_utils.quantisation_variants import Settings, chosen_variants

    settings = Settings(options.cases, options.seeds, options.chats, options.imatrix_rows)
    report = quantisation_table.compare_quantisations(
        RunPaths(options.run), settings, keep=options.keep, say=say,
        variants=chosen_variants(options.only),
    )  # fmt: skip
    text = quantisation_table.markdown(report)
    if options.document:
        quantisation_table.write_document(options.document, text)
    print(text)
    return 0


def patch_gguf_v2(options: argparse.Namespace) -> int:
    """Write the v2 copy and say what it cannot fix."""
    from josi_utils.gguf_v2 import patch_gguf_v2 as patch

    print(json.dumps(patch(options.source, options.target), indent=2, default=str))
    return 0
