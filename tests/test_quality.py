"""The parity chain passes for a sound export and names the step that is broken."""

import json

import numpy as np
import pytest
from gguf_models import copy_of, tiny_folder, tiny_gguf, tiny_quantised

from josi_utils import gguf_tensors, quality
from josi_utils.errors import JosiError
from josi_utils.gguf_export import export_gguf
from josi_utils.gguf_quantise import quantise
from josi_utils.persona import SYSTEM_PROMPT
from josi_utils.prompt import case_messages
from josi_utils.quality import parity_chain, require_parity
from josi_utils.text_parity import check_rendering, check_tokens

CHATS = [
    [*case_messages({"message": message}), {"role": "assistant", "content": reply}]
    for message, reply in (
        ("hi 🏃 5k in 27:30?", "Hi! Today is an easy run of 40 minutes. How do you feel?"),
        ("<|im_end|> why rest", "Your legs need it. Rest today, and tell me tomorrow how it was."),
    )
]
SMALL = {"greedy_prompts": 1, "greedy_tokens": 6}


@pytest.fixture(scope="module")
def sound():
    return parity_chain(
        merged=tiny_folder(), f16=tiny_gguf(), quantised=tiny_quantised(), chats=CHATS, **SMALL
    )


def test_a_sound_export_passes_every_step(sound):
    assert sound["passed"] and sound["failures"] == []
    require_parity(sound)
    assert [(s["from"], s["to"]) for s in sound["steps"]] == [
        ("merged", "f16"),
        ("f16", "quantised"),
    ]
    assert sound["rendering"]["rendered"] == 12 and sound["tokens"]["texts"] >= 70
    assert sound["steps"][0]["greedy"]["share"] == 1.0
    json.dumps(sound, allow_nan=False)


def test_rows_left_unpermuted_fail_at_the_f16_step(tmp_path, monkeypatch):
    monkeypatch.setattr(gguf_tensors, "permute_rows", lambda weights, heads: weights)
    export_gguf(tiny_folder(), tmp_path / "f16.gguf")
    quantise(tmp_path / "f16.gguf", tmp_path / "q.gguf", "q8_0")
    report = parity_chain(
        merged=tiny_folder(),
        f16=tmp_path / "f16.gguf",
        quantised=tmp_path / "q.gguf",
        chats=CHATS,
        **SMALL,
    )
    assert not report["passed"]
    assert all(line.startswith("merged → f16") for line in report["failures"])
    with pytest.raises(JosiError, match="merged → f16"):
        require_parity(report)


def test_an_adapter_that_was_not_merged_fails_at_the_merged_step(tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(tiny_folder())
    model = get_peft_model(plain, LoraConfig(r=4, target_modules="all-linear"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.05)
    model.save_pretrained(tmp_path / "lora")
    report = parity_chain(
        adapter=(tiny_folder(), tmp_path / "lora"),
        merged=tiny_folder(),
        f16=tiny_gguf(),
        quantised=tiny_quantised(),
        chats=CHATS[:1],
        greedy_prompts=0,
    )
    assert report["failures"] and report["failures"][0].startswith("adapter → merged")
    assert not any("f16" in line for line in report["failures"])


def adapter_and_merged(folder, dtype, *, applied=True):
    """Return a LoRA folder and what merging writes; with ``applied`` false, the base as it was."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder())
    model = get_peft_model(plain, LoraConfig(r=4, target_modules="all-linear"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.05)
    model.save_pretrained(folder / "lora")
    merged = model.merge_and_unload()
    if not applied:
        merged = AutoModelForCausalLM.from_pretrained(tiny_folder())
    merged.to(getattr(torch, dtype)).save_pretrained(folder / dtype)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / dtype / name).write_bytes((tiny_folder() / name).read_bytes())
    return folder / "lora", folder / dtype


def first_step(folder, dtype, **options):
    lora, merged = adapter_and_merged(folder, dtype, **options)
    export_gguf(merged, folder / "f16.gguf")
    quantise(folder / "f16.gguf", folder / "q.gguf", "q8_0")
    report = parity_chain(
        adapter=(tiny_folder(), lora), merged=merged, f16=folder / "f16.gguf",
        quantised=folder / "q.gguf", chats=CHATS[:1], greedy_prompts=0,
    )  # fmt: skip
    return report["steps"][0], [line for line in report["failures"] if "adapter" in line]


def test_a_merge_stored_in_bfloat16_is_held_to_what_bfloat16_can_keep(tmp_path):
    step, failures = first_step(tmp_path, "bfloat16")
    assert step["limits"] == quality.MERGED_BFLOAT16
    # It would not pass as float32, and does not fail for being rounded.
    assert step["kl_mean"] > quality.THRESHOLDS["merged"]["kl_mean"]
    assert not [line for line in failures if "kl_mean" in line or "perplexity" in line]


def test_in_bfloat16_too_an_adapter_that_was_not_applied_fails(tmp_path):
    step, failures = first_step(tmp_path, "bfloat16", applied=False)
    assert failures and step["kl_mean"] > 50 * quality.MERGED_BFLOAT16["kl_mean"]


def test_float32_keeps_its_own_limits_and_other_dtypes_are_refused(tmp_path):
    step, failures = first_step(tmp_path, "float32")
    assert step["limits"] == quality.THRESHOLDS["merged"] and failures == []
    config = tmp_path / "float32" / "config.json"
    config.write_text(config.read_text().replace('"float32"', '"float16"'))
    with pytest.raises(JosiError, match="weights in float16"):
        quality.thresholds_for(tmp_path / "float32")


def test_a_threshold_that_is_missed_fails(sound, monkeypatch):
    for name, limit in (("kl_mean", 0.0), ("same_top1", 1.01), ("perplexity_ratio", 0.1)):
        steps = [{**sound["steps"][1], "limits": {name: limit}}]
        lines = quality.parity_failures({**sound, "steps": steps})
        assert len(lines) == 1 and name in lines[0]
    steps = [{**sound["steps"][1], "kl_mean": float("nan"), "limits": {"kl_mean": 1.0}}]
    assert quality.parity_failures({**sound, "steps": steps})


def test_another_template_in_the_folder_is_a_rendering_mismatch(tmp_path):
    folder = copy_of(tiny_folder(), tmp_path)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("'<|im_end|>' + '\\n'", "'<|im_end|>'"))
    found = check_rendering(tiny_gguf(), folder, CHATS)["mismatches"]
    assert {entry["who"] for entry in found} == {"transformers"}


def test_no_system_message_gets_josis_in_every_jinja_reader():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_folder())
    text = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert (
        text.startswith(f"<|im_start|>system\n{SYSTEM_PROMPT}<|im_end|>\n") and "SmolLM" not in text
    )


def test_a_tokenizer_that_splits_otherwise_is_found(tmp_path):
    folder = copy_of(tiny_folder(), tmp_path)
    raw = json.loads((folder / "tokenizer.json").read_text())
    raw["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = False
    (folder / "tokenizer.json").write_text(json.dumps(raw))
    report = check_tokens(tiny_gguf(), folder, ["a race, a rest"])
    assert report["mismatches"] and report["injected"] == []


@pytest.mark.real
def test_both_tokenizers_agree_on_the_whole_data_set():
    from josi_utils.paths import data_dir

    texts = [
        line
        for path in sorted(data_dir().rglob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    report = check_tokens(tiny_gguf(), tiny_folder(), texts)
    assert report["mismatches"] == [] and report["injected"] == []
    assert report["tokens"] > 10_000


def test_logits_do_not_depend_on_what_was_read_before():
    from josi_utils.llama_probe import greedy, logits_at, token_ids
    from josi_utils.llama_runtime import open_model

    with open_model(tiny_gguf(), n_ctx=256) as model:
        a, b = token_ids(model, "One two three four."), token_ids(model, "One two six, and 77.")
        alone = logits_at(model, b, [2, len(b) - 1])
        drawn = greedy(model, b, 5)[0]
        logits_at(model, a, [len(a) - 1])
        greedy(model, a, 7)
        assert np.allclose(logits_at(model, b, [2, len(b) - 1]), alone, atol=1e-3)
        assert greedy(model, b, 5)[0] == drawn
        with pytest.raises(JosiError, match="raise n_ctx"):
            logits_at(model, a * 100, [0])
