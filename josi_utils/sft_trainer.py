"""TRL's trainer on packed batches, the model it trains, and the loss on validation rows."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.shared_prefix import pack, packed_loss, register_attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel

#: Llama's linear layers, as PEFT's ``"all-linear"`` finds them; named where only some are tuned.
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


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

    usable = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if usable else "float32"


def processes() -> int:
    """Return how many processes train together, as ``accelerate launch`` says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def keep_freed_memory() -> bool:
    """Let the next step have the memory of the last one; True where that could be arranged.

    glibc gives large blocks back to the kernel as soon as they are free, and taking them again
    costs a fault a page: over 200,000 a step of 16 rows, a fifth of the step on a virtual machine.
    """
    import ctypes
    import platform

    if platform.libc_ver()[0] != "glibc":
        return False
    threshold, trim, most = -3, -1, 2**31 - 1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of <malloc.h>
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(threshold, 2**30) and libc.mallopt(trim, most))


def lora_config(parameters: Any, layers: int) -> Any:
    """Return PEFT's configuration: all linear layers, or those above the frozen ones."""
    from peft import LoraConfig

    upper = {"target_modules": "all-linear"}
    if parameters.frozen_layers:
        tuned = list(range(parameters.frozen_layers, layers))
        upper = {"target_modules": list(LINEAR), "layers_to_transform": tuned}
    return LoraConfig(
        r=parameters.rank, lora_alpha=parameters.alpha, lora_dropout=parameters.dropout,
        use_rslora=parameters.use_rslora, use_dora=parameters.use_dora, task_type="CAUSAL_LM",
        **upper,
    )  # fmt: skip


def validation_loss(
    model: Any, rows: Sequence[dict[str, Any]], batch_size: int = 16, *, share: bool = True,
    lower: Any = None, rank: int = 0, world: int = 1,
) -> tuple[float, int]:  # fmt: skip
    """Return the summed loss in nats, and the labels, of the rows that fall to one process.

    Nothing is sampled. Each process takes every ``world``-th batch; all make the same number of
    forward passes, as models that lie in pieces (FSDP) need.
    """
    import torch

    total, count = 0.0, 0
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    starts = list(range(0, len(rows), batch_size))
    with torch.no_grad():
        for turn in range(0, len(starts), world):
            mine = turn + rank < len(starts)
            start = starts[turn + rank] if mine else 0
            chunk = [rows[i] for i in range(start, min(start + batch_size, len(rows)))]
            batch = pack(chunk, share=share, lower=lower)
            batch = {k: v.to(device) if hasattr(v, "to") else v for k, v in batch.items()}
            loss, labels = packed_loss(model, batch)
            if mine:
                total, count = total + loss.item(), count + labels
    model.train(training)
    return total, count


def trainer_class() -> type:
    """Return our ``SFTTrainer``: packed loss, token-weighted validation, a stop on NaN.

    A function, since the base class takes seconds to import.
    """
    import torch
    from trl import SFTTrainer

    class SharedPrefixTrainer(SFTTrainer):
        """TRL's trainer on packed batches."""

        #: Kept hidden states of frozen layers for the validation rows.
        validation_lower: Any = None
        _tokens, _began, _first = 0, 0.0, 0

        def compute_loss(
            self, model, inputs, return_outputs=False, num_items_in_batch=None
        ):  # the signature is the parent's
            if not self._began:
                self._began, self._first = time.monotonic(), self.state.global_step
            loss, count = packed_loss(model, inputs)
            self._tokens += inputs["input_ids"].shape[1]
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

        def log(self, logs, start_time=None):
            """Add the encoded tokens a second (of this process) and the seconds left."""
            steps = self.state.global_step - self._first
            if "loss" in logs and steps:
                spent = time.monotonic() - self._began
                logs["tokens_per_second"] = round(self._tokens / spent, 1)
                left = (self.state.max_steps - self.state.global_step) * spent / steps
                logs["seconds_left"] = round(left, 1)
            super().log(logs, start_time)

        def evaluate(self, eval_dataset=None, ignore_keys=None, metric_key_prefix="eval"):
            rows = eval_dataset if eval_dataset is not None else self.eval_dataset
            share = self.data_collator.keywords.get("share", True)
            size = self.args.eval_batch_size
            rank, world = self.accelerator.process_index, self.accelerator.num_processes
            # Not DDP's wrapper, which wants a backward; FSDP's model is self.model already.
            found = validation_loss(
                self.model, rows, size, share=share, lower=self.validation_lower,
                rank=rank, world=world,
            )  # fmt: skip
            total, count = self.accelerator.reduce(
                torch.tensor(found, dtype=torch.float64, device=self.args.device)
            ).tolist()
            metrics = {f"{metric_key_prefix}_loss": total / max(count, 1)}
            self.log(dict(metrics))
            self.control = self.callback_handler.on_evaluate(
                self.args, self.state, self.control, metrics
            )
            return metrics

    return SharedPrefixTrainer
