"""Is the shipped file the model that was trained? Text, ids, logits, step by step.

The commonest failure of this workflow is a model that is fine in the notebook and broken after
export. So the same held-out chats go through every form (adapter, merged folder, f16 GGUF,
quantised GGUF), neighbours are compared, and a step that moves more than its rounding explains
fails by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.divergence import compare_logits, prefix_agreement
from josi_utils.errors import JosiError
from josi_utils.files import read_json
from josi_utils.llama_probe import greedy, logits_at
from josi_utils.llama_runtime import open_model
from josi_utils.persona import render_chatml
from josi_utils.text_parity import check_rendering, check_tokens

if TYPE_CHECKING:
    import numpy as np

Messages = Sequence[dict[str, str]]

#: What each step may move. Measured on the 135M, 518 tokens of eight gold replies: merged → f16
#: KL 3.4e-6 nats, same top-1 99.8 %, perplexity × 1.00004; f16 → q4_k_m 0.061, 83.8 %, × 1.060.
#: Merging is float32 arithmetic in another order; f16 rounds weights, and llama.cpp's attention
#: keeps keys and values in float16. A wrong row order, a missing adapter or a mangled tensor costs
#: whole nats; these limits sit between that and what rounding explains.
THRESHOLDS: dict[str, dict[str, float]] = {
    "merged": {"kl_mean": 1e-6, "same_top1": 0.999, "perplexity_ratio": 1.001},
    "f16": {"kl_mean": 1e-4, "same_top1": 0.99, "perplexity_ratio": 1.002},
    "quantised": {"kl_mean": 0.10, "same_top1": 0.78, "perplexity_ratio": 1.12},
}

#: A folder stored in bfloat16 (profile 1.7b) keeps 8 bits of each weight, so that merging rounds
#: where float32 does not. Measured on the 135M, 629 tokens of ten validation rows: KL 4.4e-5 nats,
#: same top-1 99.84 %, perplexity × 1.0007. The limit is some twenty times that, and an adapter that
#: was never applied costs more than a nat.
MERGED_BFLOAT16: dict[str, float] = {
    "kl_mean": 1e-3,
    "same_top1": 0.98,
    "perplexity_ratio": 1.01,
}


def thresholds_for(merged: Path | str) -> dict[str, Mapping[str, float]]:
    """Return each step's limits for a merged folder, by the dtype that its config.json names.

    Raises
    ------
    JosiError
        For another dtype than float32 and bfloat16.
    """
    config = read_json(Path(merged) / "config.json")
    dtype = config.get("dtype") or config.get("torch_dtype") or "float32"
    if dtype not in ("float32", "bfloat16"):
        raise JosiError(f"{merged}: weights in {dtype}; merge in float32 or bfloat16")
    return {**THRESHOLDS, **({"merged": MERGED_BFLOAT16} if dtype == "bfloat16" else {})}


def scored_rows(model_dir: Path | str, chats: Sequence[Messages]) -> list[dict[str, list[int]]]:
    """Return ids, positions that predict the last reply, and the labels there, as in training."""
    from transformers import AutoTokenizer

    from josi_utils.shared_prefix import IGNORED
    from josi_utils.training_rows import tokenise_row

    tokenizer = AutoTokenizer.from_pretrained(str(model_dir))
    rows = []
    for chat in chats:
        row = tokenise_row(tokenizer, list(chat))
        places = [i - 1 for i, label in enumerate(row["labels"]) if label != IGNORED]
        labels = [row["labels"][place + 1] for place in places]
        rows.append({"ids": row["input_ids"], "places": places, "labels": labels})
    return rows


def folder_logits(model: Any, rows: Sequence[Mapping[str, list[int]]]) -> list[np.ndarray]:
    """Return a transformers model's float32 logits at the rows' places."""
    import torch

    with torch.no_grad():
        return [
            model(
                input_ids=torch.tensor([row["ids"]], device=model.device),
                logits_to_keep=torch.tensor(row["places"], device=model.device),
                use_cache=False,
            )
            .logits[0]
            .float()
            .cpu()
            .numpy()
            for row in rows
        ]


def folder_greedy(model: Any, prompts: Sequence[list[int]], limit: int) -> list[list[int]]:
    """Return a transformers model's greedy continuations, up to and with ``<|im_end|>``."""
    import torch

    found = []
    for ids in prompts:
        tensor = torch.tensor([ids], device=model.device)
        with torch.no_grad():
            output = model.generate(
                input_ids=tensor,
                attention_mask=torch.ones_like(tensor),
                max_new_tokens=limit,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=2,
                pad_token_id=2,
            )
        found.append(output[0, len(ids) :].tolist())
    return found


def _forms(
    adapter: tuple[Path | str, Path | str] | None,
    merged: Path | str,
    f16: Path | str,
    quantised: Path | str,
    rows: Sequence[Mapping[str, list[int]]],
    greedy_prompts: int,
    greedy_tokens: int,
) -> Iterator[tuple[str, list[np.ndarray], list[list[int]]]]:
    """Yield (name, logits, greedy ids) of each form in road order; one model in memory a time."""
    import torch
    from transformers import AutoModelForCausalLM

    prompts = [row["ids"][: row["places"][0] + 1] for row in rows[:greedy_prompts]]
    folders: list[tuple[str, Path | str, Path | str | None]] = [("merged", merged, None)]
    if adapter is not None:
        folders.insert(0, ("adapter", adapter[0], adapter[1]))
    for name, folder, lora in folders:
        model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32)
        if lora is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(lora))
        model.eval()
        yield name, folder_logits(model, rows), folder_greedy(model, prompts, greedy_tokens)
        del model
    context = max(len(row["ids"]) for row in rows) + greedy_tokens
    for name, path in (("f16", f16), ("quantised", quantised)):
        with open_model(path, n_ctx=max(512, 256 * math.ceil(context / 256))) as model:
            logits = [logits_at(model, row["ids"], row["places"]) for row in rows]
            drawn = [greedy(model, ids, greedy_tokens)[0] for ids in prompts]
        yield name, logits, drawn


def parity_chain(
    *,
    merged: Path | str,
    f16: Path | str,
    quantised: Path | str,
    chats: Sequence[Messages],
    adapter: tuple[Path | str, Path | str] | None = None,
    texts: Sequence[str] = (),
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
    greedy_prompts: int = 6,
    greedy_tokens: int = 32,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Hold every form of the model against the one before it.

    Parameters
    ----------
    merged : path
        Model folder.
    f16, quantised : path
        GGUF files made from it.
    chats : sequence of list of {"role", "content"}
        Held-out conversations that end with the assistant's turn. Logits are compared where they
        predict that turn: 0.2 MB a token and form, two forms held at once.
    adapter : (base folder, LoRA folder), optional
        To compare the merged folder with.
    texts : sequence of str
        More texts for the comparison of tokenizers (a whole data set).
    thresholds : mapping, optional
        A step's limits: ``kl_mean`` (nats) and ``perplexity_ratio`` at most, ``same_top1`` at
        least. Left out, :func:`thresholds_for` the merged folder.
    greedy_prompts, greedy_tokens : int
        How many chats to continue greedily, and how far (reported, not judged).
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        ``rendering``, ``tokens``, ``steps`` (a dict a comparison: ``from``, ``to``, the figures of
        :func:`josi_utils.divergence.compare_logits`, ``greedy``, ``limits``), ``failures`` (lines)
        and ``passed``.
    """
    if not chats:
        raise JosiError("parity: no chats to compare on; run 01_prepare first")
    say = progress or (lambda line: None)
    thresholds = thresholds_for(merged) if thresholds is None else thresholds
    rows = scored_rows(merged, chats)
    labels = [row["labels"] for row in rows]
    whole = [render_chatml(list(chat)) for chat in chats]
    report: dict[str, Any] = {
        "rendering": check_rendering(quantised, merged, chats),
        "tokens": check_tokens(quantised, merged, [*whole, *texts]),
        "steps": [],
    }
    say(f"rendering and ids compared on {report['tokens']['texts']} texts")
    before: tuple[str, list[np.ndarray], list[list[int]]] | None = None
    forms = _forms(adapter, merged, f16, quantised, rows, greedy_prompts, greedy_tokens)
    for form in forms:
        if before is not None:
            figures = compare_logits(before[1], form[1], labels)
            together = prefix_agreement(before[2], form[2]) if before[2] else None
            limits = dict(thresholds.get(form[0], {}))
            report["steps"].append(
                {"from": before[0], "to": form[0], **figures, "greedy": together, "limits": limits}
            )
            say(
                f"{before[0]} → {form[0]}: KL {figures['kl_mean']:.2g} nats, same top-1 "
                f"{figures['same_top1']:.1%}, perplexity × {figures['perplexity_ratio']:.4f}"
            )
        before = form
    report["failures"] = parity_failures(report)
    report["passed"] = not report["failures"]
    return report


def parity_failures(report: Mapping[str, Any]) -> list[str]:
    """Return one line for everything in a report that does not hold."""
    lines = []
    if report["rendering"]["mismatches"]:
        first = report["rendering"]["mismatches"][0]
        lines.append(
            f"{first['who']} renders chat {first['chat']} otherwise: {first['text'][:80]!r}"
        )
    if report["tokens"]["mismatches"]:
        first = report["tokens"]["mismatches"][0]
        lines.append(f"tokenizers differ at {first['position']} of {first['text'][:80]!r}")
    if report["tokens"]["injected"]:
        lines.append(f"a control token survives in {report['tokens']['injected'][0][:80]!r}")
    for step in report["steps"]:
        for name, limit in step["limits"].items():
            low = name == "same_top1"
            value = step[name]
            if math.isnan(value) or (value < limit if low else value > limit):
                bound = "at least" if low else "at most"
                lines.append(
                    f"{step['from']} → {step['to']}: {name} {value:.4g}, {bound} {limit:g} wanted"
                )
    return lines


def require_parity(report: Mapping[str, Any]) -> None:
    """Raise :class:`JosiError` with the first failure and the number of others."""
    failures = report["failures"]
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise JosiError(f"parity: {failures[0]}{more}; the file is not the model that was trained")
