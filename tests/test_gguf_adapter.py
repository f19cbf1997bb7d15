"""The adapter as GGUF: the official converter's bytes, and PEFT's logits when llama.cpp runs it."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from gguf import GGUFReader
from gguf_models import copy_of, scratch, tiny_folder, tiny_gguf
from llama_source import llama_source

from josi_utils.divergence import kl_divergence
from josi_utils.errors import JosiError
from josi_utils.gguf_adapter import export_adapter, export_base
from josi_utils.gguf_export import export_gguf
from josi_utils.gguf_inspect import inspect_gguf, require_josi_gguf
from josi_utils.llama_probe import logits_at
from josi_utils.llama_runtime import open_model
from josi_utils.quality import folder_logits

IDS = [1, 9531, 198, 33, 34, 35, 28, 504, 2]


@functools.cache
def lora(base=None, dtype="float32", **options):
    """A LoRA folder with both factors non-zero."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    plain = AutoModelForCausalLM.from_pretrained(base or tiny_folder())
    config = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", **options)
    model = get_peft_model(plain, config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1)
    model = model.to(getattr(torch, dtype))
    folder = scratch() / f"lora-{dtype}-{'-'.join(sorted(options))}-{(base or tiny_folder()).name}"
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("outtype", "dtype"),
    [("f16", "float32"), pytest.param("f32", "bfloat16", marks=pytest.mark.slow)],
)
def test_equals_the_official_converter(outtype, dtype, tmp_path):
    llama = llama_source(download=False)
    base = tiny_folder("nine", hidden=72, heads=9, kv_heads=3)
    folder = lora(base, dtype)
    export_adapter(folder, base, tmp_path / "ours.gguf", outtype=outtype, metadata={})
    command = [sys.executable, str(llama / "convert_lora_to_gguf.py"), "--base", str(base)]
    command += ["--outtype", outtype, "--outfile", str(tmp_path / "theirs.gguf"), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(llama / "gguf-py")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    a, b = GGUFReader(tmp_path / "ours.gguf"), GGUFReader(tmp_path / "theirs.gguf")
    ours = {key: (field.types, field.contents()) for key, field in a.fields.items()}
    assert ours == {key: (field.types, field.contents()) for key, field in b.fields.items()}
    theirs = {tensor.name: tensor for tensor in b.tensors}
    assert {tensor.name for tensor in a.tensors} == set(theirs)
    for tensor in a.tensors:
        other = theirs[tensor.name]
        assert (tensor.tensor_type, list(tensor.shape)) == (other.tensor_type, list(other.shape))
        assert np.array_equal(tensor.data, other.data), tensor.name


def test_llama_cpp_with_it_gives_pefts_logits(tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    report = export_adapter(lora(), tiny_folder(), tmp_path / "lora.gguf")
    assert (report["rank"], report["alpha"], report["tensors"]) == (4, 6, 28)
    model = AutoModelForCausalLM.from_pretrained(tiny_folder())
    rows = [{"ids": IDS, "places": list(range(len(IDS)))}]
    plain = folder_logits(model.eval(), rows)[0]
    expected = folder_logits(PeftModel.from_pretrained(model, lora()).eval(), rows)[0]
    base = tmp_path / "base.gguf"
    export_gguf(tiny_folder(), base, outtype="f32")
    with open_model(base, n_ctx=64, lora_path=tmp_path / "lora.gguf") as llama:
        found = logits_at(llama, IDS, range(len(IDS)))
    assert np.abs(expected - plain).max() > 1.0  # the adapter does something
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


def test_default_metadata_names_the_adapter(tmp_path):
    export_adapter(lora(), tiny_folder(), tmp_path / "lora.gguf")
    report = inspect_gguf(tmp_path / "lora.gguf")
    assert report["keys"]["general.type"] == "adapter" and report["keys"]["adapter.type"] == "lora"
    assert report["keys"]["general.name"] == "Josi" and report["types"] == {"F16": 28}


@pytest.mark.parametrize("key", ["use_rslora", "use_dora", "alpha_pattern", "modules_to_save"])
def test_what_llama_cpp_cannot_do_is_refused(key, tmp_path):
    folder = copy_of(lora(), tmp_path)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, key: {"a": 1}}))
    with pytest.raises(JosiError, match=key):
        export_adapter(folder, tiny_folder(), tmp_path / "out" / "x.gguf")
    assert not (tmp_path / "out").exists()


def test_a_factor_without_its_other_and_a_strange_tensor_are_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copy_of(lora(), tmp_path)
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(iter(tensors))
    save_file({k: v for k, v in tensors.items() if k != name}, path)
    with pytest.raises(JosiError, match="is missing"):
        export_adapter(folder, tiny_folder(), tmp_path / "x.gguf")
    save_file({**tensors, "base_model.model.lm_head.weight": tensors[name].clone()}, path)
    with pytest.raises(JosiError, match="no LoRA"):
        export_adapter(folder, tiny_folder(), tmp_path / "x.gguf")


def test_the_base_is_written_with_josis_template_and_runs_the_adapter(tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = copy_of(tiny_folder(), tmp_path)
    config = json.loads((base / "tokenizer_config.json").read_text())
    config["chat_template"] = "{{ 'You are a helpful AI assistant named SmolLM' }}"
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    (base / "chat_template.jinja").unlink()
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    report = export_base(base, tmp_path / "out" / "base.gguf", "q8_0")
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["base.gguf"]
    assert report["quant"] == "q8_0" and report["keys"]["general.name"] == "Base of Josi"
    require_josi_gguf(tmp_path / "out" / "base.gguf")
    export_adapter(lora(), base, tmp_path / "lora.gguf")
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_folder()), lora())
    rows = [{"ids": IDS, "places": list(range(len(IDS)))}]
    expected = folder_logits(model.eval(), rows)[0]
    found = []
    for adapter in (None, tmp_path / "lora.gguf"):
        path = tmp_path / "out" / "base.gguf"
        with open_model(path, n_ctx=64, lora_path=adapter) as llama:
            found.append(logits_at(llama, IDS, range(len(IDS))))
    without, beside = (kl_divergence(expected, logits).mean() for logits in found)
    assert beside < 0.02 * without


def test_the_base_file_is_no_adapter():
    with (
        pytest.raises(JosiError, match="no adapter"),
        open_model(tiny_gguf(), n_ctx=64, lora_path=tiny_gguf()),
    ):
        pass
