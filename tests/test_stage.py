"""The room's record: what stands in it, and each single reason why it no longer holds."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from josi_utils import stage as module
from josi_utils import stage_code
from josi_utils.errors import JosiError
from josi_utils.paths import STAGES, RunPaths
from josi_utils.stage import begin, read_record, why_stale
from josi_utils.stage_code import module_hashes

PREPARE = 'run: str = "demo"\nmax_words: int = 80\n'


def cell(source, *tags):
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source,
            "outputs": [], "execution_count": None}  # fmt: skip


def notebook(root, name, *cells):
    path = root / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5}))
    module.parameters_of.cache_clear()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a repository of two notebooks and one gold file, with nothing run yet."""
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    prose = {"cell_type": "markdown", "metadata": {}, "source": ["# one"]}
    notebook(tmp_path, "01_prepare", cell(PREPARE, "parameters"), prose,
             cell("from josi_utils import persona"))  # fmt: skip
    notebook(
        tmp_path, "02_finetune", cell('run: str = "demo"\nbase_model: str = "x"', "parameters")
    )
    (tmp_path / "data" / "gold_examples").mkdir(parents=True)
    (tmp_path / "data" / "gold_examples" / "a.jsonl").write_text("{}\n")
    yield tmp_path
    module.parameters_of.cache_clear()


def finish_prepare(**scope):
    work = begin("01_prepare", {"run": "demo", "max_words": 80, **scope})
    (work.room / "train.jsonl").write_text("one\n")
    return work.finish(rows=1)


def stale(name="01_prepare", **changed):
    return why_stale(name, RunPaths("demo"), {"run": "demo", "max_words": 80, **changed})


def test_the_record_says_all_that_the_design_asks_for(root):
    record = finish_prepare()
    assert record == read_record(RunPaths("demo"), "01_prepare")
    assert record["parameters"] == {"run": "demo", "max_words": 80}
    gold = root / "data" / "gold_examples" / "a.jsonl"
    digest = lambda data: hashlib.sha256(data).hexdigest()  # noqa: E731
    assert record["inputs"] == {"data/gold_examples/a.jsonl": digest(gold.read_bytes())}
    assert set(record["modules"]) == {"persona"}
    assert record["outputs"]["train.jsonl"]["sha256"] == digest(b"one\n")
    assert record["outputs"]["train.jsonl"]["size"] == 4
    assert record["figures"] == {"rows": 1} and record["seconds"] >= 0
    assert record["packages"]["torch"].startswith("2.")
    assert {"notebook_sha256", "git_revision", "run", "stage"} <= set(record)


def test_a_record_that_holds_is_no_reason(root):
    assert stale() == "not done yet"
    finish_prepare()
    assert stale() is None


def test_changed_parameters_make_a_record_stale(root):
    finish_prepare()
    assert stale(max_words=60) == "parameters changed: max_words"
    assert stale(seeds=1) == "parameters changed: seeds"
    assert why_stale("01_prepare", RunPaths("demo"), {"run": "demo"}).startswith("parameters")


def test_code_of_the_notebook_changed_but_prose_may(root):
    finish_prepare()
    path = root / "notebooks" / "01_prepare.ipynb"
    book = json.loads(path.read_text())
    book["cells"][1]["source"] = ["# another heading"]
    path.write_text(json.dumps(book))
    assert stale() is None
    book["cells"][2]["source"] = "from josi_utils import persona  # more"
    path.write_text(json.dumps(book))
    assert stale() == "notebook changed"


def test_a_changed_module_makes_a_record_stale(root, monkeypatch):
    finish_prepare()
    real = stage_code.sha256_file
    monkeypatch.setattr(
        stage_code, "sha256_file", lambda p: "0" * 64 if Path(p).name == "persona.py" else real(p)
    )
    assert stale() == "modules changed: persona"


def test_a_changed_package_makes_a_record_stale(root, monkeypatch):
    finish_prepare()
    monkeypatch.setattr(module, "package_versions", lambda: {"torch": "99"})
    assert stale() == "package versions changed"


def test_inputs_changed_added_and_gone(root):
    finish_prepare()
    gold = root / "data" / "gold_examples"
    (gold / "b.jsonl").write_text("{}\n")
    assert stale() == "inputs changed: data/gold_examples/b.jsonl"
    (gold / "b.jsonl").unlink()
    assert stale() is None
    (gold / "a.jsonl").write_text("{} \n")
    assert stale() == "inputs changed: data/gold_examples/a.jsonl"
    (gold / "a.jsonl").unlink()
    assert stale() == "inputs changed: data/gold_examples/a.jsonl"


def test_outputs_missing_cut_and_changed(root):
    finish_prepare()
    output = root / "outputs" / "demo" / "dataset" / "train.jsonl"
    output.write_text("two\n")
    assert stale() == "output changed: train.jsonl"
    output.write_text("one\n")  # another time of change, the same bytes
    assert stale() is None
    output.write_text("on")
    assert stale() == "output missing or of another size: train.jsonl"
    output.unlink()
    assert stale() == "output missing or of another size: train.jsonl"


def test_a_later_stage_falls_with_the_record_before_it(root):
    with pytest.raises(JosiError, match="no record; run 01_prepare first"):
        begin("02_finetune", {"run": "demo", "base_model": "x"})
    assert not (root / "outputs" / "demo" / "adapter").exists()
    finish_prepare()
    parameters = {"run": "demo", "base_model": "x"}
    begin("02_finetune", parameters).finish()
    later = lambda: why_stale("02_finetune", RunPaths("demo"), parameters)  # noqa: E731
    assert later() is None
    work = begin("01_prepare", {"run": "demo", "max_words": 60})
    assert later() == "an earlier room has no record"
    (work.room / "train.jsonl").write_text("other\n")
    work.finish()
    assert later() == "inputs changed: dataset/train.jsonl"


def test_the_weights_of_a_base_folder_are_inputs(root):
    finish_prepare()
    base = root / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "model.safetensors").write_bytes(b"1")
    parameters = {"run": "demo", "base_model": str(base)}
    begin("02_finetune", parameters).finish()
    (base / "model.safetensors").write_bytes(b"2")
    told = why_stale("02_finetune", RunPaths("demo"), parameters)
    assert told == "inputs changed: base/model.safetensors"


def test_an_unfinished_stage_has_no_record(root):
    finish_prepare()
    begin("01_prepare", {"run": "demo", "max_words": 80})._locks.close()
    assert stale() == "not done yet"


def test_checkpoints_are_no_outputs(root):
    finish_prepare()
    work = begin("02_finetune", {"run": "demo", "base_model": "x"})
    (work.room / "checkpoints").mkdir()
    (work.room / "checkpoints" / "big").write_text("x")
    (work.room / "lora").write_text("x")
    assert set(work.finish()["outputs"]) == {"lora"}


def test_two_writers_of_one_room(root):
    held = begin("01_prepare", {"run": "demo", "max_words": 80})
    with pytest.raises(JosiError, match="another run is writing here"):
        begin("01_prepare", {"run": "demo", "max_words": 80})
    begin("01_prepare", {"run": "other", "max_words": 80}).finish()
    held.finish()
    finish_prepare()


def test_a_second_process_is_refused_and_the_first_record_stands(root):
    held = begin("01_prepare", {"run": "demo", "max_words": 80})
    code = (
        "from josi_utils import stage\nstage.begin('01_prepare', {'run': 'demo', 'max_words': 80})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "another run is writing here" in done.stderr
    held.finish()
    assert stale() is None


@pytest.mark.parametrize(
    "source", ["run = make()", "a.b = 1", "import os", "x, y = 1, 2", "run: str = 'a' + str(1)"]
)
def test_parameters_must_be_flat_literals(root, source):
    notebook(root, "01_prepare", cell(source, "parameters"))
    with pytest.raises(JosiError, match="parameters must be flat literals"):
        module.parameters_of("01_prepare")


def test_there_is_exactly_one_cell_of_parameters(root):
    notebook(root, "01_prepare", cell("x = 1"))
    with pytest.raises(JosiError, match="0 cells tagged 'parameters'"):
        module.parameters_of("01_prepare")
    notebook(root, "01_prepare", cell("x = 1", "parameters"), cell("y = 1", "parameters"))
    with pytest.raises(JosiError, match="2 cells tagged"):
        module.parameters_of("01_prepare")


# --- modules, transitively ----------------------------------------------------------------------


@pytest.fixture
def toy(root, monkeypatch):
    """Return a toy package: 01 uses ``a``, which uses ``b`` in a function and the folder ``c``."""
    package = root / "josi_utils"
    (package / "c").mkdir(parents=True)
    sources = {
        "a.py": "from josi_utils.plots import draw\ndef f():\n    from josi_utils.b import g\n",
        "b.py": "import josi_utils.c.inner\n",
        "c/__init__.py": "",
        "c/inner.py": "import json\nfrom josi_utils import a\n",
        "plots.py": "from josi_utils import other\n",
        "other.py": "",
        "stage_code.py": "",
    }
    for name, source in sources.items():
        (package / name).write_text(source)
    monkeypatch.setattr(stage_code, "__file__", str(package / "stage_code.py"))
    notebook(root, "01_prepare", cell(PREPARE, "parameters"),
             cell("%matplotlib inline\nfrom josi_utils import a"))  # fmt: skip
    return package


def test_modules_are_followed_into_functions_folders_and_circles(toy):
    assert set(module_hashes("01_prepare")) == {"a", "b", "c.inner"}
    assert module_hashes("02_finetune") == {}


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        ("b.py", "modules changed: b"),
        ("c/inner.py", "modules changed: c.inner"),
        ("plots.py", None),
        ("other.py", None),
    ],
)
def test_only_what_a_stage_uses_makes_it_stale(toy, edited, told):
    finish_prepare()
    (toy / edited).write_text((toy / edited).read_text() + "# edited\n")
    assert stale() == told


def imports_of(source):
    """Follow imports of the package as ``sys.modules`` would, by another road than the record's."""
    tree = ast.parse(source)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports would escape the record"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("josi_utils.")}


def test_no_module_uses_relative_imports_which_the_record_would_miss():
    for path in (Path(module.__file__).parent).rglob("*.py"):
        imports_of(path.read_text(encoding="utf-8"))


def test_editing_the_report_must_not_retrain():
    used = {name: set(module_hashes(name)) for name in STAGES}
    assert "report" in used["05_evaluate"] and "scoring" in used["05_evaluate"]
    for name in ("01_prepare", "02_finetune", "03_merge", "04_export"):
        assert not {"report", "report_sections", "evaluate", "gates", "scoring"} & used[name]
    assert {"sft", "persona", "decision"} <= used["02_finetune"]
    assert {"gguf_export", "gguf_quantise"} <= used["04_export"]
    assert not {"plots", "stage", "stage_code", "notebook"} & set().union(*used.values())


def test_every_data_file_of_the_package_belongs_to_a_module():
    package = Path(module.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert found == {data for files in stage_code.MODULE_DATA.values() for data in files}


def test_editing_a_schema_template_or_weight_is_seen_by_the_stage_that_reads_it():
    used = {name: set(module_hashes(name)) for name in STAGES}
    assert "schemas/case.schema.json" in used["01_prepare"]
    assert {"templates/report.css", "scoring/warmth_weights.json"} <= used["05_evaluate"]
    assert "schemas/manifest.schema.json" in used["06_share"]
    assert not any(name.startswith(("templates/", "scoring/")) for name in used["02_finetune"])
