"""Several quantisations of a run are made, measured, compared in pairs, and one is recommended."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from evaluation_samples import make_case, make_sample
from gguf_models import tiny_folder, tiny_gguf
from test_gguf_adapter import lora

from josi_utils import quantisations
from josi_utils.errors import JosiError
from josi_utils.files import read_json, read_jsonl, write_json, write_jsonl
from josi_utils.paths import RunPaths, repository_root
from josi_utils.persona import Sampling
from josi_utils.prompt import NO_POINTS, case_messages
from josi_utils.quality import THRESHOLDS
from josi_utils.quantisation_table import (
    MARK,
    compare_quantisations,
    markdown,
    recommend,
    sentence,
    table_rows,
    write_document,
)
from josi_utils.quantisation_variants import VARIANTS, Settings, Variant, chosen_variants
from josi_utils.quantisations import validation_rows

SMALL = Settings(cases=3, seeds=1, chats=2, imatrix_rows=12)
ASKED = [
    Variant("q8_0"),
    Variant("q4_0", imatrix=True),
    Variant("q4_1", adapter=True),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a run of the tiny model that has been through 04, with the repository's own data."""
    gold = repository_root() / "data" / "gold_combined.jsonl"
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    (tmp_path / "data").symlink_to(gold.parent)
    monkeypatch.setattr(quantisations, "SAMPLING", Sampling(max_new_tokens=6))
    paths = RunPaths("t")
    rows = [row for _, row in read_jsonl(gold)][::60][:18]
    said = [
        {
            "id": row["id"],
            "messages": [
                *case_messages(row, NO_POINTS),
                {"role": "assistant", "content": row["reply"]},
            ],
        }
        for row in rows
    ]
    write_jsonl(paths.dataset / "valid.jsonl", said[:6])
    write_jsonl(paths.dataset / "valid_cases.jsonl", rows[:6])
    write_jsonl(paths.dataset / "train.jsonl", said[6:])
    write_json(paths.adapter / "stage.json", {"parameters": {"base_model": str(tiny_folder())}})
    (paths.adapter / "lora_weights").symlink_to(lora())
    paths.merged.symlink_to(tiny_folder())
    paths.gguf.mkdir()
    shutil.copy(tiny_gguf(), paths.gguf / "josi-f16.gguf")
    return paths


def test_a_run_is_measured_and_its_figures_kept(run, monkeypatch):
    lines = []
    report = compare_quantisations(run, SMALL, variants=ASKED, say=lines.append)
    names = ["f16", "q8_0", "q4_0 imatrix", "q4_1 base + adapter"]
    assert [row["name"] for row in report["rows"]] == names
    f16, q8, q4, beside = report["rows"]
    assert f16["kl"] == 0 and f16["same_top1"] == 1 and f16["pass"]["difference"] == 0
    assert 0 < q8["kl"] < q4["kl"] and f16["size"] > q8["size"] > q4["size"]
    # The run's f16 is the base alone, so the adapter's own effect shows as divergence.
    assert beside["kl"] > 10 * q8["kl"] and "adapter" not in report["recommended"]
    assert all(row["decode"] > 0 and row["prefill"] > 0 for row in report["rows"])
    assert q8["pass"]["n"] == 3 and {"p", "p_holm", "low"} <= set(q8["warmth"])
    room = run.root / "quantisations"
    assert read_json(room / "quantisations.json") == json.loads(json.dumps(report))
    text = (room / "quantisations.md").read_text()
    assert text == markdown(report) and report["sentence"] in text
    assert not list(room.glob("*.gguf"))  # figures and replies stay, files go
    # A second call measures nothing again but speed.
    monkeypatch.setattr(quantisations.Workshop, "_divergence", None)
    monkeypatch.setattr(quantisations.Workshop, "_replies", None)
    again = compare_quantisations(run, SMALL, variants=ASKED, keep=True)
    assert [row["kl"] for row in again["rows"]] == [row["kl"] for row in report["rows"]]
    assert list(room.glob("*.gguf"))


def test_what_still_holds_is_not_measured_again(run, monkeypatch):
    once = compare_quantisations(run, SMALL, variants=[Variant("q4_0", imatrix=True)], keep=True)
    with monkeypatch.context() as patched:  # other questions: the predictions still hold
        patched.setattr(quantisations.Workshop, "_divergence", None)
        fewer = compare_quantisations(
            run, replace(SMALL, cases=2), variants=[Variant("q4_0", imatrix=True)]
        )
    assert fewer["rows"][1]["pass"]["n"] == 2 and fewer["rows"][1]["kl"] == once["rows"][1]["kl"]
    # Another importance matrix is another file.
    other = compare_quantisations(
        run, replace(SMALL, imatrix_rows=9), variants=[Variant("q4_0", imatrix=True)]
    )
    assert other["rows"][1]["kl"] != once["rows"][1]["kl"]
    assert other["rows"][0]["kl"] == 0


def test_the_importance_matrix_reaches_the_file(run):
    room = run.root / "q"
    shop = quantisations.Workshop(run, room, SMALL, print)
    from josi_utils.gguf_inspect import inspect_gguf

    room.mkdir()
    path, _ = shop.files(Variant("q4_0", imatrix=True))
    assert inspect_gguf(path)["keys"]["quantize.imatrix.dataset"] == "12 training chats"
    path, _ = shop.files(Variant("q4_0"))
    assert "quantize.imatrix.dataset" not in inspect_gguf(path)["keys"]


def test_rows_are_spread_and_asked_as_the_model_was_trained(run):
    rows = validation_rows(run.dataset, 3)
    ids = [row["id"] for _, row in read_jsonl(run.dataset / "valid.jsonl")]
    assert [row["case"]["id"] for row in rows] == [ids[0], ids[2], ids[5]]
    assert rows[0]["prompt"] == rows[0]["messages"][:-1]
    pointed = [row for _, row in read_jsonl(run.dataset / "valid.jsonl")]
    pointed[1]["messages"][-2]["content"] += "\nAsk: How do you feel?"
    write_jsonl(run.dataset / "valid.jsonl", pointed)
    rows = validation_rows(run.dataset, 3)
    assert rows[0]["prompt"] == case_messages(rows[0]["case"]) != rows[0]["messages"][:-1]
    write_jsonl(run.dataset / "valid.jsonl", pointed[:-1])
    with pytest.raises(JosiError, match="run 01_prepare again"):
        validation_rows(run.dataset, 3)


def test_a_run_without_its_f16_file_is_refused_and_left_alone(run):
    (run.gguf / "josi-f16.gguf").unlink()
    with pytest.raises(JosiError, match="run 04_export first"):
        compare_quantisations(run, SMALL)
    assert not (run.root / "quantisations").exists()


def test_names_choose_variants():
    assert chosen_variants(" q4_k_m imatrix, f16") == (
        Variant("q4_k_m", imatrix=True),
        Variant("f16"),
    )
    assert chosen_variants("") == VARIANTS
    with pytest.raises(JosiError, match="quantisation 'q9'"):
        chosen_variants("q4_0,q9")


def rows_of(*files, questions=40):
    """Return table rows; a file is (name, size in MB, KL, share of questions it fails)."""
    measured, samples = [], {}
    for name, size, kl, failing in files:
        divergence = {"kl_mean": kl, "same_top1": 0.95, "perplexity_ratio": 1.01}
        measured.append(
            {"name": name, "size": size * 1e6, "bits_per_weight": 5.0, "divergence": divergence}
        )
        samples[name] = [
            make_sample(
                make_case(i, "feelings"), condition=name, scores={"pass": i >= failing * questions}
            )
            for i in range(questions)
        ]
    speeds = {name: {"prefill": 100.0, "decode": 20.0} for name in samples}
    return table_rows(measured, samples, speeds)


def test_the_smallest_that_costs_nothing_is_recommended():
    rows = rows_of(("f16", 270, 0, 0), ("q8_0", 145, 0.001, 0), ("q4_k_m", 105, 0.04, 0.05))
    assert [row["fits"] for row in rows] == [True] * 3
    assert recommend(rows)["name"] == "q4_k_m"
    text = sentence(recommend(rows), rows[0])
    assert text.startswith("Ship q4_k_m (105.0 MB, 0.040 nats") and "cannot be ruled out" in text


def test_worse_on_the_job_or_too_far_from_f16_is_not():
    lost = rows_of(("f16", 270, 0, 0), ("q8_0", 145, 0.001, 0), ("q4_0", 92, 0.04, 0.5))
    assert lost[2]["pass"]["difference"] == -0.5 and lost[2]["pass"]["p_holm"] < 0.001
    assert recommend(lost)["name"] == "q8_0"
    limit = THRESHOLDS["quantised"]["kl_mean"]
    far = rows_of(("f16", 270, 0, 0), ("q4_0", 92, limit * 1.01, 0))
    assert recommend(far)["name"] == "f16" and "costs too much" in sentence(far[0], far[0])


def test_of_files_as_large_the_closer_is_taken_and_never_an_adapter():
    rows = rows_of(
        ("f16", 270, 0, 0),
        ("q4_k_m", 105.45, 0.06, 0),
        ("q4_k_m imatrix", 105.46, 0.03, 0),
        ("q4_1 base + adapter", 99, 1e-5, 0),
    )
    assert recommend(rows)["name"] == "q4_k_m imatrix"


def test_a_loss_on_a_handful_of_questions_is_no_finding():
    rows = rows_of(("f16", 270, 0, 0), ("q8_0", 145, 0.001, 1.0), questions=9)
    assert rows[1]["pass"]["p_holm"] < 0.05 and rows[1]["fits"]
    rows = rows_of(("f16", 270, 0, 0), ("q8_0", 145, 0.001, 1.0), questions=10)
    assert not rows[1]["fits"]


def test_p_values_are_adjusted_over_all_files_and_metrics():
    rows = rows_of(("f16", 270, 0, 0), ("a", 100, 0.01, 0.15), ("b", 101, 0.01, 0))
    # Six questions lost, none won: p = 2/64, and six tests stand beside it.
    assert rows[1]["pass"]["p"] == pytest.approx(2 / 64)
    assert rows[1]["pass"]["p_holm"] == pytest.approx(6 * 2 / 64) and rows[1]["fits"]


def test_the_page_is_written_and_its_other_parts_are_kept(tmp_path):
    page = tmp_path / "quantisation.md"
    write_document(page, "| a |\n")
    assert page.read_text() == f"# Quantisation\n\n{MARK}\n\n| a |\n"
    page.write_text(f"# Own title\n\nOwn words.\n\n{MARK}\n\nold\n\n## Sizes\n\nkept\n")
    write_document(page, "| b |\n")
    assert page.read_text() == (
        f"# Own title\n\nOwn words.\n\n{MARK}\n\n| b |\n\n## Sizes\n\nkept\n"
    )
    page.write_text("no mark\n")
    with pytest.raises(JosiError, match="no line <!-- josi"):
        write_document(page, "| c |\n")
