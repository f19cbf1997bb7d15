"""Golden vectors: written once, replayed, and every kind of wrong reader is caught."""

import json

import pytest
from gguf_models import scratch, tiny_gguf, tiny_quantised

from josi_utils import golden
from josi_utils.errors import JosiError
from josi_utils.golden import golden_cases, verify_golden, write_golden
from josi_utils.persona import IM_START


@pytest.fixture(scope="module")
def vectors():
    path = scratch() / "golden.json"
    write_golden(tiny_gguf(), path, greedy_tokens=4)
    return path


def spoiled(vectors, tmp_path, spoil):
    content = json.loads(vectors.read_text(encoding="utf-8"))
    spoil(content)
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(content))
    return path


def test_there_are_enough_and_the_edge_cases_are_among_them(vectors):
    content = json.loads(vectors.read_text(encoding="utf-8"))
    names = [vector["name"] for vector in content["vectors"]]
    assert len(names) == len(set(names)) >= 24
    assert {"history", "decision and card", "awkward: emoji", "awkward: Arabic"} <= set(names)
    assert "awkward: control tokens" in names and "control token in history" in names


def test_a_vector_holds_every_step(vectors):
    for vector in json.loads(vectors.read_text(encoding="utf-8"))["vectors"]:
        assert vector["text"].endswith(f"{IM_START}assistant\n")
        turns = len(vector["messages"]) + 1
        assert vector["ids"].count(1) == turns and vector["ids"].count(2) == turns - 1
        assert vector["ids"][0] == 1 and vector["ids"][1] != 1  # one BOS, the template's own
        assert 1 <= len(vector["greedy_ids"]) == len(vector["greedy_leads"]) <= 4


def test_replaying_the_same_file_passes_greedy_ids_too(vectors):
    report = verify_golden(tiny_gguf(), vectors)
    assert report["passed"] and report["greedy_checked"]
    assert report["vectors"] == len(golden_cases())


def test_another_quantisation_is_held_to_text_and_ids_alone(vectors):
    report = verify_golden(tiny_quantised(), vectors)
    assert report["passed"] and not report["greedy_checked"]


SPOILED = {
    "a BOS in front": (lambda v: v["ids"].insert(0, 1), "ids"),
    "an id changed": (lambda v: v["ids"].__setitem__(-3, 7), "ids"),
    "another system prompt": (lambda v: v["messages"][0].update(content="You are."), "text"),
    "another case": (lambda v: v["case"].update(message="other"), "messages"),
}


@pytest.mark.parametrize("name", list(SPOILED))
def test_a_wrong_step_is_named(name, vectors, tmp_path):
    spoil, step = SPOILED[name]
    path = spoiled(vectors, tmp_path, lambda content: spoil(content["vectors"][3]))
    report = verify_golden(tiny_gguf(), path, check_greedy=False)
    assert not report["passed"]
    assert {failure["step"] for failure in report["failures"]} >= {step}
    assert {failure["vector"] for failure in report["failures"]} == {golden_cases()[3]["name"]}


def test_a_greedy_difference_is_a_failure_and_at_a_tie_a_notice(vectors, tmp_path):
    def wrong(content, lead):
        content["vectors"] = content["vectors"][:1]
        content["vectors"][0]["greedy_ids"][0] += 1
        content["vectors"][0]["greedy_leads"][0] = lead

    path = spoiled(vectors, tmp_path, lambda content: wrong(content, 3.0))
    assert verify_golden(tiny_gguf(), path)["failures"][0]["step"] == "greedy_ids"
    path = spoiled(vectors, tmp_path, lambda content: wrong(content, golden.TIE / 2))
    report = verify_golden(tiny_gguf(), path)
    assert report["passed"] and len(report["ties"]) == 1


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"format": "josi-golden/1", "vectors": [{}]}', "x"]
)
def test_what_is_not_golden_vectors_is_refused(content, tmp_path):
    (tmp_path / "g.json").write_text(content)
    with pytest.raises(JosiError, match=r"g\.json"):
        verify_golden(tiny_gguf(), tmp_path / "g.json")
