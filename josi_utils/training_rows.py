"""Conversations as token ids and labels: what the loss counts, and what it must count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.persona import IM_END, IM_START, render_chatml
from josi_utils.shared_prefix import IGNORED

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerBase:
    """Return the folder's tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder))


def tokenise_row(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[dict[str, str]]
) -> dict[str, list[int]]:
    """Return ``input_ids`` and ``labels`` of one conversation.

    The loss counts on the last assistant turn's words and its ``<|im_end|>``, so that the model
    learns to stop. Earlier assistant turns are context: they were said, not asked for here.
    """
    prompt = render_chatml(list(messages[:-1]), generation=True)
    answer = messages[-1]["content"] + IM_END
    encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
    prompt_ids, answer_ids = encode(prompt), encode(answer)
    tail = encode("\n")
    return {
        "input_ids": prompt_ids + answer_ids + tail,
        "labels": [IGNORED] * len(prompt_ids) + answer_ids + [IGNORED] * len(tail),
    }


def load_rows(path: Path | str, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Read training rows (JSONL with ``messages``) as token ids, labels and the row's number.

    Raises
    ------
    JosiError
        If the file is missing or a row does not end with Josi's turn.
    """
    from datasets import Dataset

    rows = []
    for number, row in read_jsonl(path):
        messages = row.get("messages")
        if not messages or messages[0]["role"] != "system" or messages[-1]["role"] != "assistant":
            raise JosiError(
                f"{path}:{number}: a row must begin with the system turn and end with Josi's; "
                "run 01_prepare again"
            )
        rows.append({**tokenise_row(tokenizer, messages), "row": len(rows)})
    if not rows:
        raise JosiError(f"{path}: no rows; run 01_prepare first")
    check_stops(rows, tokenizer, path)
    return Dataset.from_list(rows)


def check_stops(
    rows: Sequence[dict[str, list[int]]], tokenizer: PreTrainedTokenizerBase, where: Path | str
) -> None:
    """Refuse rows whose last label is not ``<|im_end|>``: such a model never stops."""
    stop = tokenizer.convert_tokens_to_ids(IM_END)
    start = tokenizer.convert_tokens_to_ids(IM_START)
    for number, row in enumerate(rows, start=1):
        labels = [label for label in row["labels"] if label != IGNORED]
        if not labels or labels[-1] != stop or labels.count(stop) != 1 or start in labels:
            raise JosiError(f"{where}:{number}: Josi's turn must carry exactly one {IM_END} label")


def mask_table(
    tokenizer: PreTrainedTokenizerBase, row: dict[str, list[int]]
) -> list[tuple[str, bool]]:
    """Return ``(text, counts in the loss)`` runs of one row, for showing the mask."""
    runs: list[tuple[list[int], bool]] = []
    for token, label in zip(row["input_ids"], row["labels"], strict=True):
        counted = label != IGNORED
        if not runs or runs[-1][1] != counted:
            runs.append(([], counted))
        runs[-1][0].append(token)
    return [(tokenizer.decode(ids), counted) for ids, counted in runs]
