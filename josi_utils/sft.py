"""LoRA fine-tuning with TRL's ``SFTTrainer`` and PEFT: our collator, our loss, their trainer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from josi_utils.checkpoints import full_disk_explained, matching_checkpoint, save_adapter
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file, sha256_tree, write_json
from josi_utils.sft_trainer import load_model, processes, training_dtype
from josi_utils.shared_prefix import pack
from josi_utils.training_log import log_callback
from josi_utils.training_rows import load_rows, load_tokenizer


@dataclass(frozen=True)
class SFTParameters:
    """What decides the adapter; every value was chosen on validation loss (``docs/log.md``).

    Attributes
    ----------
    rank, alpha, dropout
        LoRA on all linear layers.
    use_rslora, use_dora
        PEFT's variants: scale by alpha / sqrt(rank); weights as direction and magnitude.
    frozen_layers
        So many lower layers stay as they are; their hidden states are computed once and kept.
    neftune_noise_alpha
        Noise on the embeddings in training (0: none).
    learning_rate, warmup_ratio, epochs, batch_size
        Cosine schedule; batch in conversations a step, of all processes together.
    max_steps
        Ends training early (the smoke profile); 0 means by epochs.
    seed
        Of the adapter's start and of the order of rows.
    shared_prefix
        Encode the system turn once a step; the same loss and gradients, less work.
    fused
        The lean forward and backward of :mod:`josi_utils.fused_layer`; likewise exact.
    evaluations
        How many times validation loss is measured, evenly spread, the end among them.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    use_rslora: bool = False
    use_dora: bool = False
    frozen_layers: int = 0
    neftune_noise_alpha: float = 0.0
    learning_rate: float = 3e-3
    warmup_ratio: float = 0.05
    weight_decay: float = 0.0
    epochs: float = 1.0
    batch_size: int = 16
    max_steps: int = 0
    seed: int = 7
    shared_prefix: bool = True
    fused: bool = True
    evaluations: int = 4


def check_parameters(parameters: SFTParameters, layers: int, world: int = 1) -> None:
    """Refuse parameters that do not go together.

    Raises
    ------
    JosiError
        Says which, and what to change.
    """
    if not 0 <= parameters.frozen_layers < layers:
        raise JosiError(
            f"frozen_layers {parameters.frozen_layers}: the model has {layers} layers, "
            f"so 0 to {layers - 1} can stay frozen"
        )
    for name in ("frozen_layers", "neftune_noise_alpha"):
        if getattr(parameters, name) and not parameters.fused:
            raise JosiError(f"{name} needs fused; leave out --no-fused")
    if parameters.frozen_layers and parameters.neftune_noise_alpha:
        raise JosiError("frozen_layers keeps what neftune_noise_alpha would change; choose one")
    if parameters.batch_size % world:
        raise JosiError(
            f"batch_size {parameters.batch_size} does not divide among {world} processes; "
            f"choose a multiple of {world}"
        )


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

    Run by each process where there are several (:mod:`josi_utils.launch` starts them).

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

    Raises
    ------
    JosiError
        Bad rows or parameters, a loss that is not finite, a full disk; the last whole checkpoint
        stays in every case.
    """
    from transformers import set_seed

    from josi_utils.sft_trainer import keep_freed_memory, lora_config, trainer_class

    set_seed(parameters.seed)
    keep_freed_memory()
    tokenizer = load_tokenizer(base)
    rows, valid = load_rows(train_file, tokenizer), load_rows(valid_file, tokenizer)
    dtype = training_dtype()
    model = load_model(base, dtype)
    layers = model.config.num_hidden_layers
    check_parameters(parameters, layers, processes())
    total = parameters.max_steps or math.ceil(
        math.ceil(len(rows) / parameters.batch_size) * parameters.epochs
    )
    room.mkdir(parents=True, exist_ok=True)
    arguments = _arguments(room / "checkpoints", parameters, total, dtype, report_to)
    mark = {
        "parameters": asdict(parameters),
        "rows": sha256_file(train_file),
        "base": sha256_file(base / "config.json"),
    }
    with full_disk_explained(room), arguments.main_process_first():
        last = matching_checkpoint(room / "checkpoints", mark, resume=resume)
    arguments.eval_on_start = last is None
    log = log_callback(
        room / "log.jsonl", sample, tokenizer, say, resumed=_step(last) if last else None
    )
    trainer = trainer_class()(
        model=model, args=arguments, data_collator=_collator(parameters), train_dataset=rows,
        eval_dataset=valid, processing_class=tokenizer, callbacks=[log],
        peft_config=lora_config(parameters, layers),
    )  # fmt: skip
    if say is not None and arguments.device.type == "cpu":
        say(f"no GPU: {total - _step(last)} steps on the CPU; the time left follows soon")
    prepare(trainer, parameters, room)
    began = time.monotonic()
    with full_disk_explained(room):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        seconds = time.monotonic() - began
        save_adapter(trainer, room / "lora_weights")
        trainer.accelerator.wait_for_everyone()
        return _summary(trainer, room, parameters, seconds, last)


def _collator(parameters: SFTParameters, lower: Any = None) -> Any:
    from functools import partial

    return partial(pack, share=parameters.shared_prefix, lower=lower)


def _arguments(
    folder: Path, parameters: SFTParameters, total: int, dtype: str, report_to: str
) -> Any:
    """Return TRL's arguments for ``total`` steps."""
    import os

    import torch
    from trl import SFTConfig

    every = max(1, math.ceil(total / parameters.evaluations))
    share = parameters.batch_size // processes()
    in_pieces = os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"
    return SFTConfig(
        output_dir=str(folder),
        max_steps=total,
        per_device_train_batch_size=share,
        per_device_eval_batch_size=share,
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
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        # FSDP cannot load an adapter back into a model in pieces; the best one's files are taken.
        load_best_model_at_end=not in_pieces,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        gradient_checkpointing=False,
        bf16=dtype == "bfloat16",
        use_cpu=not torch.cuda.is_available(),
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        report_to=report_to,
        disable_tqdm=False,
        dataloader_pin_memory=False,
        ddp_find_unused_parameters=False,
    )


def prepare(trainer: Any, parameters: SFTParameters, room: Path) -> None:
    """Fit the model for packed batches, and compute what frozen layers make of the rows."""
    if not parameters.fused:
        return
    from josi_utils.frozen_layers import LowerLayers
    from josi_utils.fused_model import fuse

    fuse(trainer.model, neftune_noise_alpha=parameters.neftune_noise_alpha)
    if not parameters.frozen_layers:
        return
    if trainer.is_fsdp_enabled:
        raise JosiError("frozen_layers needs the whole model in each process; use DDP, not FSDP")
    count = parameters.frozen_layers
    lower = LowerLayers(trainer.model, trainer.train_dataset, count, room)
    trainer.data_collator = _collator(parameters, lower)
    trainer.validation_lower = LowerLayers(trainer.model, trainer.eval_dataset, count, room)


def _step(checkpoint: Path | None) -> int:
    """Return the step at which a checkpoint was saved; 0 for none."""
    return int(checkpoint.name.removeprefix("checkpoint-")) if checkpoint else 0


def _summary(
    trainer: Any, room: Path, parameters: SFTParameters, seconds: float, last: Path | None
) -> dict[str, Any]:
    """Return, and write as ``training.json``, what came of it."""
    state = trainer.state
    history = [entry for entry in state.log_history if "eval_loss" in entry]
    steps = state.global_step - _step(last)
    adapter = sha256_tree(room / "lora_weights")["adapter_model.safetensors"]
    summary = {
        "parameters": asdict(parameters),
        "rows": len(trainer.train_dataset),
        "validation_rows": len(trainer.eval_dataset),
        "steps": state.global_step,
        "seconds": round(seconds, 1),
        "rows_per_second": round(steps * parameters.batch_size / seconds, 3),
        "processes": processes(),
        "dtype": "bfloat16" if trainer.args.bf16 else "float32",
        "validation_loss_before": history[0]["eval_loss"],
        "validation_loss_best": state.best_metric,
        "best_step": state.best_global_step,
        "resumed_from": last.name if last else None,
        "adapter_sha256": adapter["sha256"],
    }
    if trainer.is_world_process_zero():
        write_json(room / "training.json", summary)
    return summary
