"""The notebooks as they are checked in: no outputs, little code, one home for every parameter."""

from __future__ import annotations

import ast
import json

import pytest

from josi_utils.paths import STAGES, notebooks_dir
from josi_utils.stage import READS, parameters_of

NAMES = list(STAGES)


def book(name):
    return json.loads((notebooks_dir() / f"{name}.ipynb").read_text(encoding="utf-8"))


def code_cells(name):
    return [cell for cell in book(name)["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def test_every_notebook_is_a_stage_and_every_stage_a_notebook():
    assert sorted(path.stem for path in notebooks_dir().glob("*.ipynb")) == NAMES
    assert sorted(READS) == NAMES
    assert all(NAMES.index(read) < NAMES.index(name) for name in NAMES for read in READS[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_no_outputs_and_no_counts_are_checked_in(name):
    for cell in code_cells(name):
        assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_runs_on_the_plain_kernel(name):
    import nbformat

    nbformat.validate(nbformat.from_dict(book(name)))
    assert book(name)["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_the_first_code_cell_alone_holds_the_parameters_flat_and_explained(name):
    first, *others = code_cells(name)
    assert first["metadata"]["tags"] == ["parameters"]
    assert all("parameters" not in cell["metadata"].get("tags", []) for cell in others)
    lines = source(first).splitlines()
    assert len(lines) == len(parameters_of(name)) and "run" in parameters_of(name)
    assert all("  # " in line for line in lines)
    for node in ast.parse(source(first)).body:
        assert isinstance(node, ast.AnnAssign)
        value = ast.literal_eval(node.value)
        assert type(value).__name__ == node.annotation.id and type(value) in (str, int, float, bool)


def test_a_parameter_has_one_home_and_one_default():
    seen = {}
    for name in NAMES:
        for key, value in parameters_of(name).items():
            if key != "run":  # the one that every stage is told
                assert key not in seen, f"{key} stands in {seen[key]} and in {name}"
                seen[key] = name
            else:
                assert value == "default"


@pytest.mark.parametrize("name", NAMES)
def test_code_cells_are_short_and_hold_no_machinery(name):
    for cell in code_cells(name):
        text = source(cell)
        most = 20 if "parameters" in cell["metadata"].get("tags", []) else 15  # one literal a line
        assert text.strip() and len(text.splitlines()) <= most
        assert not text.lstrip().startswith(("!", "%")) and "sys.path" not in text
        for node in ast.walk(ast.parse(text)):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_used(name):
    used = {
        node.id
        for cell in code_cells(name)[1:]
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, ast.Name)
    }
    assert set(parameters_of(name)) - {"run"} <= used


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_its_stage_ends_with_its_record_and_is_told_in_prose(name):
    code = [source(cell) for cell in code_cells(name)]
    assert sum(f'stage.begin("{name}", globals())' in text for text in code) == 1
    assert f'stage.begin("{name}", globals())' in code[1]
    assert sum("work.finish(" in text for text in code) == 1 and "work.finish(" in code[-1]
    cells = book(name)["cells"]
    assert cells[0]["cell_type"] == "markdown" and source(cells[0]).startswith("# ")
    assert sum(cell["cell_type"] == "markdown" for cell in cells) >= 4


def test_what_is_inherited_is_never_asked_for_again():
    for name in NAMES[2:]:
        assert not {"base_model", "seed", "revision", "template"} & set(parameters_of(name))


def test_a_table_shows_floats_with_four_digits_and_keeps_words():
    from josi_utils.notebook import table

    shown = table(
        [{"kl": 6.0231247057159144e-09, "share": 0.9778699861687413, "n": 723, "to": "<q>"}]
    )
    assert all(text in shown.data for text in ("6.023e-09", "0.9779", "723", "&lt;q&gt;"))
