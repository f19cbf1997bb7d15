"""LoRA fine-tuning with TRL's ``SFTTrainer`` and PEFT: our collator, our loss, their trainer."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import disk_errors_explained, read_jsonl, sha256_tree, write_json
from josi_utils.persona import IM_END, IM_START, render_chatml
from josi_utils.shared_prefix import IGNORED, pack, packed_loss, register_attention

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class SFTParameters:
    """What decides the adapter; every value was chosen on validation loss (``docs/log.md``).

    Attributes
    ----------
    rank, alpha, dropout
        LoRA on all linear layers.
    learning_rate, warmup_ratio, epochs, batch_size
        Cosine schedule; batch in conversations a step.
    max_steps
        Ends training early (the smoke profile); 0 means by epochs.
    seed
        Of the adapter's start and of the order of rows.
    shared_prefix
        Encode the system turn once a step; the same loss and gradients, less work.
    evaluations
        How many times validation loss is measured, evenly spread, the end among them.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    learning_rate: float = 1e-3
    warmup_ratio: float = 0.05
    weight_decay: float = 0.0
    epochs: float = 1.0
    batch_size: int = 16
    max_steps: int = 0
    seed: int = 7
    shared_prefix: bool = True
    evaluations: int = 4


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerBase:
    """Return the folder's tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder))


def load_model(folder: Path | str, dtype: str = "float32") -> PreTrainedModel:
    """Return the folder's model with the attention that knows shared prefixes."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=getattr(torch, dtype), attn_implementation=register_attention()
    )


def training_dtype() -> str:
    """Return ``"bfloat16"`` on a GPU that has it, else ``"float32"``."""
    import torch

    usable = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return "bfloat16" if usable else "float32"


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
    """Read training rows (JSONL with ``messages``) as token ids and labels.

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
        rows.append(tokenise_row(tokenizer, messages))
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


def validation_loss(
    model: Any, rows: Dataset, batch_size: int = 16, *, share: bool = True
) -> float:
    """Return the mean loss in nats a label over all rows; nothing is sampled."""
    import torch

    total, count = 0.0, 0
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    with torch.no_grad():
        for start in range(0, len(rows), batch_size):
            chunk = [rows[i] for i in range(start, min(start + batch_size, len(rows)))]
            batch = pack(chunk, share=share)
            batch = {k: v.to(device) if hasattr(v, "to") else v for k, v in batch.items()}
            loss, labels = packed_loss(model, batch)
            total, count = total + loss.item(), count + labels
    model.train(training)
    return total / max(count, 1)


def trainer_class() -> type:
    """Return our ``SFTTrainer``: packed loss, token-weighted validation, a stop on NaN.

    A function, since the base class takes seconds to import.
    """
    import torch
    from trl import SFTTrainer

    class SharedPrefixTrainer(SFTTrainer):
        """TRL's trainer on packed batches."""

        def compute_loss(
            self, model, inputs, return_outputs=False, num_items_in_batch=None
        ):  # the signature is the parent's
            loss, count = packed_loss(model, inputs)
            items = count if num_items_in_batch is None else num_items_in_batch
            loss = loss / torch.as_tensor(items, device=loss.device).clamp(min=1)
            if not torch.isfinite(loss):
                raise JosiError(
                    f"training: the loss is {loss.item()} at step {self.state.global_step}; "
                    "lower --learning-rate; the last checkpoint is kept"
                )
            if self.args.average_tokens_across_devices and num_items_in_batch is not None:
                loss = loss * self.accelerator.num_processes
            return (loss, None) if return_outputs else loss

        def evaluate(self, eval_dataset=None, ignore_keys=None, metric_key_prefix="eval"):
            rows = eval_dataset if eval_dataset is not None else self.eval_dataset
            share = self.data_collator.keywords.get("share", True)
            value = validation_loss(self.model, rows, self.args.eval_batch_size, share=share)
            metrics = {f"{metric_key_prefix}_loss": value}
            self.log(dict(metrics))
            self.control = self.callback_handler.on_evaluate(
                self.args, self.state, self.control, metrics
            )
            return metrics

    return SharedPrefixTrainer


def train(
    base: Path,
    train_file: Path,
    valid_file: Path,
    room: Path,
    parameters: SFTParameters,
    *,
    sample: Callable[[Any, Any], list[dict[str, str]]] | None = None,
    resume: bool = True,
    report_to: str = "none",
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Fine-tune and write ``room/lora_weights`` and ``room/log.jsonl``.

    Parameters
    ----------
    base : Path
        Model folder to start from.
    train_file, valid_file : Path
        Rows as ``01_prepare`` writes them.
    room : Path
        Receives checkpoints, log and, last, the adapter with the lowest validation loss.
    parameters : SFTParameters
        See there.
    sample : callable, optional
        Called with model and tokenizer at each evaluation; returns replies to log.
    resume : bool
        Continue from the last checkpoint of the same parameters and rows, if there is one.
    report_to : str
        ``"none"``, ``"tensorboard"`` or ``"trackio"``, if installed.
    say : callable, optional
        Told a line about every tenth second: step, loss, time left.

    Returns
    -------
    dict
        Losses, steps, seconds, rows a second, the adapter's hash.
    """
    from functools import partial

    from peft import LoraConfig
    from transformers import set_seed
    from trl import SFTConfig

    set_seed(parameters.seed)
    tokenizer = load_tokenizer(base)
    rows, valid = load_rows(train_file, tokenizer), load_rows(valid_file, tokenizer)
    dtype = training_dtype()
    model = load_model(base, dtype)
    steps_per_epoch = math.ceil(len(rows) / parameters.batch_size)
    total = parameters.max_steps or math.ceil(steps_per_epoch * parameters.epochs)
    every = max(1, math.ceil(total / parameters.evaluations))
    log_path = room / "log.jsonl"
    checkpoints = room / "checkpoints"
    last = _matching_checkpoint(checkpoints, parameters, train_file, base) if resume else None
    room.mkdir(parents=True, exist_ok=True)
    arguments = SFTConfig(
        output_dir=str(checkpoints),
        max_steps=total,
        per_device_train_batch_size=parameters.batch_size,
        per_device_eval_batch_size=parameters.batch_size,
        learning_rate=parameters.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, round(parameters.warmup_ratio * total)),
        weight_decay=parameters.weight_decay,
        max_grad_norm=1.0,
        seed=parameters.seed,
        data_seed=parameters.seed,
        logging_steps=max(1, total // 100),
        eval_strategy="steps",
        eval_steps=every,
        eval_on_start=True,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        gradient_checkpointing=False,
        bf16=dtype == "bfloat16",
        use_cpu=dtype == "float32",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        report_to=report_to,
        disable_tqdm=False,
        dataloader_pin_memory=False,
    )
    trainer = trainer_class()(
        model=model,
        args=arguments,
        data_collator=partial(pack, share=parameters.shared_prefix),
        train_dataset=rows,
        eval_dataset=valid,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=parameters.rank,
            lora_alpha=parameters.alpha,
            lora_dropout=parameters.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
        callbacks=[_log_callback(log_path, sample, tokenizer, say, fresh=last is None)],
    )
    began = time.monotonic()
    with disk_errors_explained(room):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        seconds = time.monotonic() - began
        _save_adapter(trainer, room / "lora_weights")
    history = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    summary = {
        "parameters": asdict(parameters),
        "rows": len(rows),
        "validation_rows": len(valid),
        "steps": trainer.state.global_step,
        "seconds": round(seconds, 1),
        "rows_per_second": round(total * parameters.batch_size / seconds, 3),
        "dtype": dtype,
        "validation_loss_before": history[0]["eval_loss"],
        "validation_loss_best": trainer.state.best_metric,
        "best_step": trainer.state.best_global_step,
        "resumed_from": last.name if last else None,
        "adapter_sha256": sha256_tree(room / "lora_weights")["adapter_model.safetensors"]["sha256"],
    }
    write_json(room / "training.json", summary)
    return summary


def _save_adapter(trainer: Any, folder: Path) -> None:
    """Write the best adapter as a whole folder, replacing an older one."""
    from josi_utils.files import fresh_folder

    with fresh_folder(folder) as work:
        trainer.model.save_pretrained(work)
        trainer.processing_class.save_pretrained(work)


def _matching_checkpoint(
    folder: Path, parameters: SFTParameters, train_file: Path, base: Path
) -> Path | None:
    """Return the newest whole checkpoint of the same work; other work's are removed."""
    import shutil

    from transformers.trainer_utils import get_last_checkpoint

    from josi_utils.files import sha256_file

    mark = {
        "parameters": asdict(parameters),
        "rows": sha256_file(train_file),
        "base": sha256_file(base / "config.json"),
    }
    mark_file = folder / "work.json"
    same = mark_file.is_file() and json.loads(mark_file.read_text()) == mark
    if not same:
        shutil.rmtree(folder, ignore_errors=True)
        write_json(mark_file, mark)
        return None
    found = get_last_checkpoint(str(folder))
    whole = found and (Path(found) / "trainer_state.json").is_file()
    return Path(found) if whole else None


def _log_callback(path: Path, sample: Any, tokenizer: Any, say: Any, *, fresh: bool) -> Any:
    """Return a callback that appends every log entry, and sample replies, to ``log.jsonl``."""
    from transformers import TrainerCallback

    if fresh:
        path.unlink(missing_ok=True)

    def append(entry: dict[str, Any]) -> None:
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    class LogToFile(TrainerCallback):
        """One JSON object a line: step, epoch and what the trainer logged."""

        def on_train_begin(self, args, state, control, **kwargs):
            self._began, self._first, self._said = time.monotonic(), state.global_step, 0.0

        def on_step_end(self, args, state, control, **kwargs):
            now = time.monotonic()
            if say is None or now - self._said < 10:
                return
            self._said = now
            each = (now - self._began) / max(1, state.global_step - self._first)
            left = each * (state.max_steps - state.global_step)
            losses = [e["loss"] for e in state.log_history if "loss" in e]
            loss = f", loss {losses[-1]:.3f}" if losses else ""
            say(f"step {state.global_step}/{state.max_steps}{loss}, {left:.0f} s left")

        def on_log(self, args, state, control, logs=None, **kwargs):
            append({"step": state.global_step, "epoch": state.epoch, "time": time.time(), **logs})

        def on_evaluate(self, args, state, control, model=None, **kwargs):
            if sample is not None and model is not None:
                append({"step": state.global_step, "samples": sample(model, tokenizer)})

    return LogToFile()


def sampler(requests: Sequence[Any]) -> Callable[[Any, Any], list[dict[str, str]]]:
    """Return a ``sample`` for :func:`train`: greedy replies of the model in training."""

    def sample(model: Any, tokenizer: Any) -> list[dict[str, str]]:
        from josi_utils.generate import HuggingFaceBackend, answer
        from josi_utils.persona import GREEDY

        backend = HuggingFaceBackend(model=model, tokenizer=tokenizer)
        replies = answer(backend, requests, GREEDY)
        return [
            {"message": request.messages[-1]["content"], "reply": reply.text}
            for request, reply in zip(requests, replies, strict=True)
        ]

    return sample


def read_log(path: Path | str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (training entries, validation entries) of a ``log.jsonl``."""
    entries = [entry for _, entry in read_jsonl(path)]
    return [e for e in entries if "loss" in e], [e for e in entries if "eval_loss" in e]
