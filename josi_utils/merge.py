"""Adapter + base → an ordinary Hugging Face folder, proved to be the model that was trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import fresh_folder, require_room_on_disk, write_json
from josi_utils.persona import CHAT_TEMPLATE

#: Largest difference of a logit between adapter and merged model in float32. W + BA·s is summed in
#: another order than Wx + B(Ax)·s, which over 30 layers moves logits of size ~20 in the fifth digit.
LOGIT_TOLERANCE = 5e-3


def check_adapter(folder: Path | str) -> dict[str, Any]:
    """Return the adapter's configuration.

    Raises
    ------
    JosiError
        If the folder is no LoRA adapter.
    """
    from josi_utils.files import read_json

    folder = Path(folder)
    if not (folder / "adapter_model.safetensors").is_file():
        raise JosiError(f"{folder}: no adapter_model.safetensors; run 02_finetune first")
    config = read_json(folder / "adapter_config.json")
    if config.get("peft_type") != "LORA":
        raise JosiError(f"{folder}: adapter of type {config.get('peft_type')!r}; only LORA merges")
    return config


def merge(
    base: Path,
    adapter: Path,
    output: Path,
    prompts: Sequence[str],
    *,
    dtype: str = "float32",
    base_record: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Merge in float32 and write the folder in ``dtype``; refuse if anything does not hold.

    Parameters
    ----------
    base, adapter : Path
        Model folder and LoRA folder.
    output : Path
        Written whole or not at all.
    prompts : sequence of str
        Rendered conversations on which adapter and merged logits must agree.
    dtype : {"float32", "bfloat16"}
        Of the stored weights.
    base_record : dict, optional
        What :func:`josi_utils.basemodel.resolve` says of the base; kept beside the weights, so
        that exports name what the model was tuned from.

    Returns
    -------
    dict
        ``changed_tensors``, ``largest_logit_difference``, ``same_top_1`` and the dtype.

    Raises
    ------
    JosiError
        If no weight changed (the adapter was never applied) or logits differ.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    check_adapter(adapter)
    if dtype not in ("float32", "bfloat16"):
        raise JosiError(f"merge dtype {dtype!r}: float32 or bfloat16")
    tokenizer = AutoTokenizer.from_pretrained(str(base))
    tokenizer.chat_template = CHAT_TEMPLATE
    plain = AutoModelForCausalLM.from_pretrained(str(base), dtype=torch.float32)
    before = {name: weight.clone() for name, weight in plain.state_dict().items()}
    model = PeftModel.from_pretrained(plain, str(adapter)).eval()
    expected = [_logits(model, tokenizer, prompt) for prompt in prompts]
    merged = model.merge_and_unload()
    after = merged.state_dict()
    changed = sorted(name for name in before if not torch.equal(before[name], after[name]))
    if not changed:
        raise JosiError(
            f"{adapter}: merging changed no weight; the adapter is empty or not applied"
        )
    found = [_logits(merged, tokenizer, prompt) for prompt in prompts]
    worst = max(float((a - b).abs().max()) for a, b in zip(expected, found, strict=True))
    same = sum(
        bool((a.argmax(-1) == b.argmax(-1)).all()) for a, b in zip(expected, found, strict=True)
    )
    if worst > LOGIT_TOLERANCE:
        raise JosiError(
            f"{output}: merged logits differ from the adapter's by {worst:.2g} "
            f"(at most {LOGIT_TOLERANCE:.0e}); nothing was written"
        )
    need = sum(w.numel() for w in after.values()) * (4 if dtype == "float32" else 2)
    require_room_on_disk(output.parent, int(need * 1.1))
    with fresh_folder(output) as work:
        merged.to(getattr(torch, dtype)).save_pretrained(work)
        tokenizer.save_pretrained(work)
        summary = {
            "changed_tensors": len(changed),
            "tensors": len(before),
            "largest_logit_difference": worst,
            "same_top_1": f"{same}/{len(prompts)}",
            "dtype": dtype,
        }
        write_json(work / "merge.json", summary)
        if base_record:
            write_json(work / "base_model.json", base_record)
    return summary


def _logits(model: Any, tokenizer: Any, prompt: str) -> Any:
    """Return float32 logits, shape (tokens, vocabulary), for one rendered conversation."""
    import torch

    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return model(input_ids=ids).logits[0].float()
