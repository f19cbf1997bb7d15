"""llama.cpp in this process: silent, freed, and its refusals are one line."""

import subprocess
import sys

import pytest
from gguf_models import copy_of, tiny_gguf, tiny_quantised

from josi_utils.errors import JosiError
from josi_utils.llama_runtime import load_model, open_model, quiet_llama


def test_nothing_is_printed_from_load_to_interpreter_exit():
    script = (
        "import sys; from josi_utils.llama_runtime import open_model\n"
        "with open_model(sys.argv[1], n_ctx=64) as model:\n"
        "    model.eval(model.tokenize(b'hello 12', add_bos=False))\n"
        "with open_model(sys.argv[1], vocab_only=True) as model:\n"
        "    print(model.tokenize(b'12', add_bos=False, special=True))\n"
    )
    command = [sys.executable, "-c", script, str(tiny_quantised())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[33, 34]\n"


def test_a_broken_or_missing_file_is_one_line_and_no_crash(tmp_path):
    with pytest.raises(JosiError, match="no such file"):
        load_model(tmp_path / "none.gguf")
    path = copy_of(tiny_gguf(), tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(JosiError, match="cut off"):
        load_model(path)


def test_a_refusal_carries_llama_cpps_own_word(tmp_path):
    path = copy_of(tiny_gguf(), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_ox.weight"))
    with pytest.raises(JosiError, match=r"llama\.cpp cannot load it \(.*ffn_up") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_the_log_is_caught_and_given_back_to_the_outer_block():
    import llama_cpp

    def fail():
        params = llama_cpp.llama_model_default_params()
        assert not llama_cpp.llama_model_load_from_file(b"/nonexistent.gguf", params)

    with quiet_llama() as outer:
        with quiet_llama() as inner:
            fail()
        assert any("nonexistent" in line for line in inner) and not outer
        fail()
    assert any("nonexistent" in line for line in outer)


def test_a_model_is_freed_when_the_block_fails():
    with pytest.raises(RuntimeError, match="inside"), open_model(tiny_gguf(), n_ctx=64) as model:
        kept = model
        raise RuntimeError("inside")
    assert kept._model.model is None
