"""``josi export`` writes what it names: merged and quantised, weighed, to a size, or an adapter."""

from __future__ import annotations

import shutil

import pytest
from gguf_models import tiny_folder
from test_gguf_adapter import lora

from josi_utils import cli
from josi_utils.files import write_json, write_jsonl
from josi_utils.gguf_inspect import inspect_gguf, require_josi_gguf
from josi_utils.persona import SYSTEM_PROMPT


@pytest.fixture
def rows(tmp_path):
    chat = [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": "Is 5 km in 30 minutes good?"},
        {"role": "assistant", "content": "It is. How did it feel?"},
    ]
    path = tmp_path / "train.jsonl"
    write_jsonl(path, [{"id": str(i), "messages": chat} for i in range(12)])
    return path


def test_an_importance_matrix_is_taken_from_the_rows_given(tmp_path, rows, capsys):
    room = tmp_path / "out"
    line = ["export", "--model-path", str(tiny_folder()), "--quant", "q4_0", "--out", str(room)]
    assert cli.main([*line, "--imatrix", str(rows)]) == 0
    path = room / "josi-q4_0.gguf"
    assert inspect_gguf(path)["keys"]["quantize.imatrix.dataset"] == "12 training chats"
    assert capsys.readouterr().out.splitlines()[-1] == str(path)


def test_a_size_takes_the_closest_file_that_fits(tmp_path, rows, capsys):
    room = tmp_path / "out"
    line = ["export", "--model-path", str(tiny_folder()), "--size-budget-mb", "4.2"]
    assert cli.main([*line, "--measure-on", str(rows), "--out", str(room)]) == 0
    told = capsys.readouterr().out
    assert told.count("<- chosen") == 1 and "too large" in told and "nats from f16" in told
    path = room / "josi-4.2mb.gguf"
    assert path.stat().st_size <= 4.2e6
    require_josi_gguf(path)


def test_an_adapter_goes_beside_its_base_and_not_among_the_products_files(tmp_path, capsys):
    room = tmp_path / "run" / "adapter"
    shutil.copytree(lora(), room / "lora_weights")
    write_json(room / "base_model.json", {"name": str(tiny_folder())})
    assert cli.main(["export", "--adapter", str(room / "lora_weights"), "--quant", "q8_0"]) == 0
    written = tmp_path / "run" / "adapter-gguf"
    assert sorted(path.name for path in written.iterdir()) == [
        "base-q8_0.gguf",
        "josi-adapter-f16.gguf",
    ]
    assert inspect_gguf(written / "josi-adapter-f16.gguf")["keys"]["general.type"] == "adapter"
    require_josi_gguf(written / "base-q8_0.gguf")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        str(written / "josi-adapter-f16.gguf"),
        str(written / "base-q8_0.gguf"),
    ]
    assert not (tmp_path / "run" / "gguf").exists()
