"""What quantising costs on the job: several files of one run, measured in the same way.

KL divergence says how far a file's predictions are from f16's, and cannot say what an athlete
notices. So each file also answers the same validation cases under the same seeds, is scored like
any evaluation, and is held against f16 in pairs. Validation rows only: a file chosen on evaluation
cases would make them dishonest.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, read_jsonl, sha256_file, write_json
from josi_utils.paths import RunPaths, data_dir
from josi_utils.persona import SAMPLING
from josi_utils.quantisation_variants import Settings, Variant

if TYPE_CHECKING:
    import numpy as np

Progress = Callable[[str], None]


def validation_rows(dataset: Path, count: int) -> list[dict[str, Any]]:
    """Return ``count`` validation rows, evenly spread over the topics.

    Returns
    -------
    list of dict
        ``case``, ``messages`` (the whole conversation as in training) and ``prompt`` (what the app
        hands over). Rows without talking points are of a model that was never taught to read any,
        so it is asked without them.

    Raises
    ------
    JosiError
        If the two files of 01_prepare do not hold the same rows.
    """
    from josi_utils.eval_views import spread
    from josi_utils.prompt import case_messages

    messages = {row["id"]: row["messages"] for _, row in read_jsonl(dataset / "valid.jsonl")}
    cases = {case["id"]: case for _, case in read_jsonl(dataset / "valid_cases.jsonl")}
    if not cases or list(cases) != list(messages):
        raise JosiError(
            f"{dataset}: valid.jsonl and valid_cases.jsonl do not hold the same rows; "
            "run 01_prepare again"
        )
    pointed = any("\nAsk: " in chat[-2]["content"] for chat in messages.values())
    return [
        {
            "case": cases[name],
            "messages": messages[name],
            "prompt": case_messages(cases[name]) if pointed else messages[name][:-1],
        }
        for name in spread(list(cases), count)
    ]


class Workshop:
    """Makes a run's files as they are asked for, and measures them.

    Parameters
    ----------
    paths : RunPaths
        A run that has been through 04_export.
    room : Path
        Where files, replies and figures go.
    """

    def __init__(self, paths: RunPaths, room: Path, settings: Settings, say: Progress) -> None:
        self.paths, self.room, self.settings, self.say = paths, room, settings, say
        self.f16 = paths.gguf / "josi-f16.gguf"
        if not self.f16.is_file():
            raise JosiError(f"{self.f16}: no such file; run 04_export first")
        self.source_sha256 = sha256_file(self.f16)
        self.rows = validation_rows(paths.dataset, settings.cases)
        self._imatrix: dict[str, np.ndarray] | None = None
        self._reference: list[np.ndarray] | None = None

    def files(self, variant: Variant) -> tuple[Path, Path | None]:
        """Return the model and, where there is one, the adapter; both are made if missing."""
        from josi_utils.gguf_quantise import quantise

        if variant.adapter:
            return self._base(variant.quant), self._adapter()
        if variant.quant == "f16":
            return self.f16, None
        path = self._place(variant.stem + (str(self.settings.imatrix_rows) * variant.imatrix))
        if not path.is_file():
            matrix = self._importance() if variant.imatrix else None
            source = f"{self.settings.imatrix_rows} training chats"
            quantise(self.f16, path, variant.quant, imatrix=matrix, imatrix_source=source)
        return path, None

    def _place(self, name: str) -> Path:
        """Return where a file stands; one left by another model is never taken for this one's."""
        return self.room / f"{self.source_sha256[:8]}-{name}.gguf"

    def _importance(self) -> dict[str, np.ndarray]:
        from josi_utils.imatrix import compute_imatrix, training_chats

        if self._imatrix is None:
            chats = training_chats(self.paths.dataset / "train.jsonl", self.settings.imatrix_rows)
            self._imatrix = compute_imatrix(self.paths.merged, chats, progress=self.say)
        return self._imatrix

    def _base_folder(self) -> Path:
        from josi_utils.basemodel import resolve
        from josi_utils.stage import read_record

        name = read_record(self.paths, "02_finetune")["parameters"]["base_model"]
        return resolve(name)[0]

    def _base(self, quant: str) -> Path:
        from josi_utils.gguf_adapter import export_base

        path = self._place(f"base-{quant}")
        if not path.is_file():
            export_base(self._base_folder(), path, quant)
        return path

    def _adapter(self) -> Path:
        from josi_utils.gguf_adapter import export_adapter

        path = self._place("adapter-f16")
        if not path.is_file():
            export_adapter(self.paths.adapter / "lora_weights", self._base_folder(), path)
        return path

    def measure(self, variant: Variant) -> dict[str, Any]:
        """Return a variant's figures but for its speed; kept on disk, so that a rerun goes on."""
        from josi_utils.gguf_inspect import inspect_gguf

        kept, wanted = self.room / f"{variant.stem}.json", self.settings
        scope = [self.source_sha256, wanted.chats, wanted.imatrix_rows if variant.imatrix else 0]
        prompts = json.dumps([row["prompt"] for row in self.rows]).encode()
        digest = hashlib.sha256(prompts).hexdigest()
        asked = [*scope, digest, wanted.seeds, SAMPLING.to_dict()]
        figures = read_json(kept) if kept.is_file() else {}
        if figures.get("asked") == asked:
            return figures
        self.say(f"{variant.name}: file, predictions, replies")
        model, adapter = self.files(variant)
        if figures.get("scope") != scope:
            found = inspect_gguf(model)
            figures = {
                "scope": scope,
                "name": variant.name,
                "size": found["size"] + (adapter.stat().st_size if adapter else 0),
                "types": found["types"],
                "bits_per_weight": found["bits_per_weight"],
                "divergence": self._divergence(model, adapter),
            }
            write_json(kept, figures)
        figures |= {"replies": self._replies(variant.name, model, adapter), "asked": asked}
        write_json(kept, figures)
        return figures

    def _divergence(self, model: Path, adapter: Path | None) -> dict[str, Any]:
        from josi_utils.divergence import compare_logits
        from josi_utils.llama_probe import logits_at
        from josi_utils.llama_runtime import open_model
        from josi_utils.quality import scored_rows

        chats = [r["messages"] for r in validation_rows(self.paths.dataset, self.settings.chats)]
        rows = scored_rows(self.paths.merged, chats)
        context = 256 * -(-max(len(row["ids"]) for row in rows) // 256)

        def read(path: Path, lora: Path | None) -> list[np.ndarray]:
            with open_model(path, n_ctx=context, lora_path=lora) as opened:
                return [logits_at(opened, row["ids"], row["places"]) for row in rows]

        if self._reference is None:
            self._reference = read(self.f16, None)
        found = self._reference if model == self.f16 else read(model, adapter)
        return compare_logits(self._reference, found, [row["labels"] for row in rows])

    def _replies(self, name: str, model: Path, adapter: Path | None) -> list[dict[str, Any]]:
        from josi_utils.evaluate import SampleLog, ask
        from josi_utils.generate import LlamaBackend, Request

        plan = [(seed, row) for seed in range(self.settings.seeds) for row in self.rows]
        requests = [Request(tuple(row["prompt"]), seed) for seed, row in plan]
        digest = sha256_file(model) + (sha256_file(adapter) if adapter else "")
        log = SampleLog(self.room / "replies.jsonl")
        backend = LlamaBackend(model, adapter=adapter)
        try:
            replies = ask(backend, requests, SAMPLING, log, digest, say=self.say, what=name)
        finally:
            backend.close()
            log.close()
        return [
            {"case": row["case"]["id"], "seed": seed, "reply": reply.text,
             "finished": reply.finished, "tokens": reply.tokens}
            for (seed, row), reply in zip(plan, replies, strict=True)
        ]  # fmt: skip

    def samples(self, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return a variant's replies as scored samples; scorers may change, replies are kept."""
        from josi_utils.decision import read_deck
        from josi_utils.evaluate import score_samples

        cases = {row["case"]["id"]: row["case"] for row in self.rows}
        common = {"condition": figures["name"], "greedy": False}
        samples = [{**r, **common, "case": cases[r["case"]]} for r in figures["replies"]]
        return score_samples(samples, read_deck(data_dir() / "cards"))

    def speeds(self, variants: Sequence[Variant], rounds: int = 3) -> dict[str, dict[str, float]]:
        """Return tokens a second of one sequence, by variant: ``prefill`` and ``decode``, medians.

        All variants in turn, round by round, so that whatever else the machine does falls on all.
        """
        from josi_utils.llama_speed import speed

        found: dict[str, list[tuple[float, float]]] = {v.name: [] for v in variants}
        for number in range(rounds):
            for variant in variants:
                model, adapter = self.files(variant)
                found[variant.name].append(speed(model, adapter, self.rows[0]["prompt"]))
            self.say(f"speed: round {number + 1} of {rounds}")
        return {
            name: dict(
                zip(
                    ("prefill", "decode"),
                    map(statistics.median, zip(*pairs, strict=True)),
                    strict=True,
                )
            )
            for name, pairs in found.items()
        }

    def sweep(self) -> None:
        """Remove the model files; figures and replies stay."""
        for path in self.room.glob("*.gguf"):
            path.unlink()
