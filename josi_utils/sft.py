"""LoRA fine-tuning with TRL's ``SFTTrainer`` and PEFT: our collator, our loss, their trainer."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import disk_errors_explained, sha256_tree, write_json
from josi_utils.shared_prefix import pack, packed_loss, register_attention
from josi_utils.training_log import WHOLE, log_callback
from josi_utils.training_rows import load_rows, load_tokenizer

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel


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
        callbacks=[log_callback(log_path, sample, tokenizer, say, fresh=last is None)],
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
    # A kill in the middle of saving leaves a torn folder; only marked ones were saved to the end.
    for torn in folder.glob("checkpoint-*"):
        if not (torn / WHOLE).is_file():
            shutil.rmtree(torn)
    found = get_last_checkpoint(str(folder))
    return Path(found) if found else None
