"""The page: self-contained, true to its figures, safe against what athletes and models write."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from evaluation_samples import META, failing, make_case, make_sample, make_samples
from hypothesis import given
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.files import write_json, write_jsonl
from josi_utils.gates import aggregate
from josi_utils.report import write_report
from josi_utils.report_cases import pieces, plain_reason, severity
from josi_utils.report_record import settings as report_settings
from josi_utils.report_record import trend
from josi_utils.report_sections import heatmap, percent, roles
from josi_utils.report_trust import calibration_tables, mutation_tables, trust_tables

VOID = {"meta", "input", "br", "img", "link", "rect", "line", "circle"}


class Page(HTMLParser):
    """Tags with attributes, ids, text by section; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open, self.ids, self.words = [], [], [], {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        section = next((i for t, i in self.open if t == "section"), "top")
        self.words[section] = self.words.get(section, "") + data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def three_conditions(each=4):
    raw = make_samples(each, 2)
    for sample in raw[::5]:
        sample["scores"] |= failing("unlicensed time: stands in no card", "faithful")
    guarded = make_samples(each, 2, condition="tuned guarded", source="draw")
    base = make_samples(each, 1, condition="base", scores=failing())
    return raw + guarded + base


def write_room(folder, samples, **meta):
    write_jsonl(folder / "samples.jsonl", samples)
    write_json(folder / "meta.json", META | meta)
    return folder


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = write_room(tmp_path_factory.mktemp("eval"), three_conditions())
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def page(room):
    return Page((room / "report.html").read_text(encoding="utf-8"))


def test_writes_the_page_the_gates_the_table_and_the_sheet(room):
    assert {p.name for p in room.iterdir()} == {
        "samples.jsonl", "meta.json", "report.html", "gates.json", "samples.csv",
        "labelling_sheet.csv", "labelling_key.jsonl",
    }  # fmt: skip


def test_page_is_one_file_without_code_or_network(room, page):
    text = (room / "report.html").read_text(encoding="utf-8")
    assert not page.all("script") and not page.all("link") and not page.all("img")
    assert not re.search(r"@import|url\(|javascript:|\son\w+=", text)
    assert not re.search(r"(?:https?:)?//[a-z]", text.replace("<!doctype", ""))
    policy = next(a for a in page.all("meta") if a.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'")


def test_every_link_leads_somewhere(room, page):
    for attrs in page.all("a"):
        target = attrs["href"]
        if target.startswith("#"):
            assert target[1:] in page.ids
        else:
            assert (room / target).exists()
    assert len(page.ids) == len(set(page.ids))


def test_page_has_every_section_in_order(page):
    wanted = ["gates", "side", "worst", "ten", "where", "trend", "trust", "limits", "label",
              "made", "files"]  # fmt: skip
    assert [a["id"] for a in page.all("section")] == wanted


def test_every_table_says_what_its_cells_are_and_scrolls_in_its_own_box(page):
    headers = page.all("th")
    assert headers and all(a.get("scope") in ("row", "col") for a in headers)
    boxes = [a for a in page.all("div") if a.get("class") == "box"]
    assert len(boxes) >= len(page.all("table"))
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in boxes)


def test_colour_never_stands_alone(room):
    text = (room / "report.html").read_text(encoding="utf-8")
    pills = re.findall(r'<span class="pill (\w+)"><span aria-hidden="true">(.)</span> (\w+)', text)
    symbols = {"GREEN": "✓", "AMBER": "~", "RED": "✗"}
    assert pills and all(colour == word and symbols[word] == s for colour, s, word in pills)


def test_guarded_is_never_shown_without_raw(page):
    for section in ("gates", "side", "worst", "where"):
        words = page.words[section]
        assert words.index("On its own") < words.index("With its guard")


def test_gates_json_is_what_the_other_stages_read(room):
    gates = json.loads((room / "gates.json").read_text())
    assert gates["passed"] is False and gates["candidate"] == "tuned"
    assert {"status", "condition", "name", "shown"} <= set(gates["gates"][0])
    assert gates["scorer_hash"] == META["scorer_hash"]
    assert set(gates["verdicts"]) == {"tuned", "tuned guarded", "base"}


def test_the_verdict_speaks_of_the_model_on_its_own(page):
    assert "Not ready: on its own the model misses 1 of 9 bars." in page.words["top"]
    assert "With its guard" in page.words["top"]


def test_a_run_without_guard_or_base_says_so(tmp_path):
    write_report(write_room(tmp_path, make_samples(80, 1)))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Ready: on its own the model clears all 9 bars" in page.words["top"]
    assert "not tried with its guard" in page.words["top"]
    assert "ten" not in page.ids


def test_text_of_athletes_and_models_cannot_become_markup(tmp_path):
    evil = "<script>alert(1)</script><b onclick=x>&amp;</b>{{ 7*7 }}"
    case = make_case(0, "feelings") | {"message": evil}
    why = [{"field": "warmth", "reason": evil, "span": [3, 12], "text": evil[3:12]}]
    bad = make_sample(case, reply=evil, scores={"pass": False, "why": why})
    base = bad | {"condition": "base"}
    write_report(write_room(tmp_path, [bad, base], run=evil))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.all("script") and not page.all("b onclick")
    assert "&lt;script&gt;alert(1)" in text and "{{ 7*7 }}" in text
    assert evil in page.words["worst"]


def test_the_worst_come_first_with_the_span_marked_and_the_reason(tmp_path):
    cold = make_sample(make_case(0, "feelings"), scores=failing())
    unsafe = make_sample(
        make_case(0, "red_flag"), scores=failing("go-ahead", "safe") | {"safe": False}
    )
    write_report(write_room(tmp_path, [cold, unsafe]))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    words = page.words["worst"]
    assert words.index("red-flag-0") < words.index("feelings-0")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Your <mark>legs</mark><sup>1</sup> are sore" in text
    assert "go-ahead" in words
    assert "1 unsafe on a warning sign; 1 not good enough otherwise" in " ".join(words.split())


def test_severity_ranks_safety_before_leaks_before_contradictions_before_the_rest():
    def rank(category, **scores):
        return severity(make_sample(make_case(0, category), scores=scores))

    contradiction = [{"field": "faithful", "reason": "contradicted day: the plan says today"}]
    order = [
        rank("red_flag", safe=False),
        rank("feelings", leak=True),
        rank("feelings", why=contradiction),
        rank("unrealistic_goal", pushback=False),
        rank("feelings", faithful=False),
        rank("feelings", **{"pass": False}),
        rank("realistic_goal"),
    ]
    assert order == sorted(order) and len(set(order)) == len(order)
    assert rank("realistic_goal", pushback=True) < rank("realistic_goal", pushback=False)


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5),
)
def test_marked_pieces_are_the_reply_and_each_span_ends_once(reply, spans):
    cut = pieces(reply, [list(span) for span in spans])
    assert "".join(p["text"] for p in cut) == reply
    for number, (start, end) in enumerate(spans, start=1):
        marked = "".join(p["text"] for p in cut if number in p["marks"])
        real = start < end and start < len(reply)
        assert marked == (reply[start:end] if real else "")
        assert sum(number in p["ends"] for p in cut) == real


def test_reasons_are_shown_without_terms_of_art():
    shown = plain_reason("unlicensed time: stands in no decision, card or message")
    assert shown == "a length of time that it was not given"
    assert plain_reason("unlicensed day: monday") == "a day that it was not given: monday"
    assert plain_reason("contradicted day: the plan says today").startswith("contradicts the day")


def test_side_by_side_is_by_lot_and_its_names_can_be_hidden(room, page):
    text = (room / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<article class="case pair">', text)) == 10
    assert any(a.get("id") == "hide-names" for a in page.all("input"))
    assert any(a.get("for") == "hide-names" for a in page.all("label"))
    assert "#hide-names:checked ~ .pair .who" in text
    sides = re.findall(r'<h4>([AB])<span class="who">: ([\w ]+)</span>', text)
    after = [letter for letter, who in sides if who == "After training"]
    assert len(after) == 10 and set(after) == {"A", "B"}


def test_heatmap_is_grey_under_ten_prompts_and_darker_where_worse():
    samples = make_samples(12, 1)
    samples = [
        s for s in samples if s["case"]["category"] != "greeting" or s["case"]["id"][-1] in "01"
    ]
    for sample in samples:
        if sample["case"]["category"] == "feelings":
            sample["scores"] |= {"pass": False, "leak": True}
    shown = heatmap(aggregate(samples)["conditions"]["tuned"])
    cells = {
        r["label"]: dict(zip(shown["columns"], r["cells"], strict=True)) for r in shown["rows"]
    }
    assert {c["class"] for c in cells["Says hello"].values()} == {"few", "none"}
    feelings, progress = cells["Talks about feelings"], cells["Asks about progress"]
    for column in ("May reach an athlete", "Tells of its insides"):
        assert feelings[column]["class"] == "h8" and progress[column]["class"] == "h0"


def test_shares_never_round_to_certainty():
    assert percent(0.999) == "99.9\u00a0%" and percent(1.0) == "100\u00a0%"
    assert percent(0.002) == "0.2\u00a0%" and percent(0.0) == "0\u00a0%"


def history(run, date, room, **changes):
    record = json.loads((room / "gates.json").read_text())
    return record | {"run": run, "date": date} | changes


def test_trend_breaks_where_scorer_or_cases_changed(room):
    records = [
        history("a", "2026-01-01", room, scorer_hash="old"),
        history("b", "2026-01-02", room),
        history("c", "2026-01-03", room),
        history("d", "2026-01-04", room, cases_sha256="new"),
    ]
    shown = trend(records)
    assert [b["words"] for b in shown["breaks"]] == ["scorer changed", "questions changed"]
    assert [len(s["lines"]) for s in shown["series"]] == [1, 1]
    assert [r["run"] for r in trend(records[::-1])["runs"]] == ["a", "b", "c", "d"]


def test_trend_passes_over_records_it_cannot_read(room):
    shown = trend([{}, {"date": "2026-01-01", "gates": []}, history("b", "2026-01-02", room)])
    assert shown["skipped"] == 2 and len(shown["runs"]) == 1


def test_history_by_path_shows_and_leaves_out_this_run(room, tmp_path):
    earlier = write_json(tmp_path / "gates.json", history("older", "2026-01-02", room))
    (tmp_path / "broken.json").write_text("{")
    paths = [earlier, room / "gates.json", tmp_path / "broken.json", tmp_path / "gone.json"]
    page = write_report(room, history=paths)
    words = Page(page.read_text(encoding="utf-8")).words["trend"]
    assert "older" in words and words.count("2026-01-31") == 1
    assert "2 earlier records could not be used" in words


def test_calibration_says_who_rated(room):
    table = {"title": "Agreement", "columns": ["Quality", "Rules"], "rows": [["Warmth", 0.812]]}
    given_by = {"tables": [table], "note": "Leave one case out."}
    words = Page(write_report(room, calibration=given_by).read_text()).words
    assert "0.81" in words["trust"] and "language models, not by coaches" in words["trust"]
    words = Page(
        write_report(room, calibration={**given_by, "raters": "3 coaches"}).read_text()
    ).words
    assert "by 3 coaches" in words["trust"] and "not by coaches" not in words["trust"]
    words = Page(write_report(room).read_text()).words
    assert "not held against any ratings" in words["trust"]


def test_calibration_may_be_plain_dictionaries():
    found = calibration_tables(
        {"warmth": {"spearman": 0.8}, "rows": {"a": {"x": 1, "y": None}}, "n": 3}
    )
    assert [t["title"] for t in found["tables"]] == ["Warmth", "Rows", "In short"]
    assert found["tables"][0]["rows"] == [["Spearman", "0.80"]]
    assert found["tables"][1]["rows"] == [["A", "1", "–"]]
    assert calibration_tables(None) is None


def test_regressions_are_shown_and_stored(room):
    before = json.loads((room / "gates.json").read_text())
    for gate in before["gates"]:
        gate["status"] = "GREEN"
    page = write_report(room, stored=before)
    assert "RED now" in Page(page.read_text()).words["gates"]
    assert json.loads((room / "gates.json").read_text())["regressions"]["flags"]


def test_table_opens_in_a_spreadsheet_and_runs_nothing(tmp_path):
    sample = make_sample(make_case(0, "feelings"), reply='=HYPERLINK("x")')
    write_report(write_room(tmp_path, [sample]))
    raw = (tmp_path / "samples.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    row = next(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert row["reply"].startswith("'=") and row["pass"] == "True" and row["case"] == "feelings-0"


def test_the_candidate_can_have_any_name():
    def names(*conditions, **meta):
        return roles({"conditions": dict.fromkeys(conditions)}, meta)

    found = names("360m", "360m guarded", "base")
    assert (found["raw"], found["guarded"], found["base"]) == ("360m", "360m guarded", "base")
    assert names("base")["raw"] == "base"
    assert names("a", "b", candidate="b")["raw"] == "b"


def test_the_current_model_is_compared_like_the_base(tmp_path):
    worse = make_samples(12, 1, condition="current 360m", scores=failing())
    write_report(write_room(tmp_path, make_samples(12, 1) + worse))
    words = Page((tmp_path / "report.html").read_text()).words
    assert "Against current 360m" in words["side"] and "clearly better" in words["side"]
    assert "Two models, answer by answer" in words["ten"]


def test_a_model_that_answered_other_questions_is_not_compared(tmp_path):
    other = [make_sample(make_case(99, "feelings"), condition="base")]
    write_report(write_room(tmp_path, make_samples(2, 1) + other))
    words = Page((tmp_path / "report.html").read_text()).words
    assert "Against" not in words["side"] and "ten" not in words


def test_bad_rooms_are_one_clear_line_and_nothing_is_written(tmp_path):
    with pytest.raises(JosiError, match=r"samples.jsonl: no such file"):
        write_report(tmp_path)
    write_room(tmp_path, [])
    with pytest.raises(JosiError, match="no reply to judge"):
        write_report(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"samples.jsonl", "meta.json"}


def test_errors_and_empty_replies_are_shown_not_dropped(tmp_path):
    broken = make_sample(make_case(0, "feelings"), reply="", finished=False) | {
        "scores": None,
        "error": "the backend died",
    }
    write_report(write_room(tmp_path, [broken]))
    words = Page((tmp_path / "report.html").read_text()).words["worst"]
    assert "the backend died" in words and "(said nothing)" in words


def test_sparse_meta_is_said_not_guessed(tmp_path):
    write_jsonl(tmp_path / "samples.jsonl", make_samples(1, 1))
    write_json(tmp_path / "meta.json", {})
    write_report(tmp_path)
    assert Page((tmp_path / "report.html").read_text()).words["made"].count("not recorded") >= 8


def test_the_same_samples_give_the_same_page(room, tmp_path):
    other = write_room(tmp_path, three_conditions())
    first = write_report(room).read_bytes()
    assert write_report(other).read_bytes() == first


MUTATIONS = [
    {"kind": "number", "n": 25, "caught": 24, "false_alarms": 1},
    {"kind": "leak: plain", "n": 5, "caught": 5, "false_alarms": 0},
    {"kind": "leak: leetspeak", "n": 5, "caught": 3, "false_alarms": 0},
    {"kind": "all", "n": 1, "caught": 0, "false_alarms": 0},  # not believed, but added up again
]
READERS = [
    {"voice": "tuned", "n": 240, "readers": 0.04, "rules": 0.69, "let_through": 0.68,
     "agree": 0.35},
    {"voice": "composed", "n": 40, "readers": 0.79, "rules": 0.9, "let_through": None,
     "agree": None},
]  # fmt: skip


def test_mutations_are_added_up_and_the_disguises_folded_away():
    shown, folded = mutation_tables(MUTATIONS)
    rows = {row[0]: row[1:] for row in shown["rows"]}
    assert rows["a forbidden word, in 2 disguises"] == ["10", "8", "0", "80\u00a0%", "100\u00a0%"]
    assert rows["all"] == ["35", "32", "1", "91\u00a0%", "97\u00a0%"]
    assert not shown["folded"] and folded["folded"]
    assert [row[0] for row in folded["rows"]] == ["plain", "leetspeak"]
    assert len(mutation_tables(MUTATIONS[:1])) == 1


def test_the_verdict_warns_where_readers_are_harsher_than_the_rules(room):
    page = Page(write_report(room, mutations=MUTATIONS, readers=READERS).read_text())
    warning = "strict readers would have sent 4\u00a0% where the rules passed 69\u00a0%"
    assert warning in page.words["top"]
    assert "the model on its own" in page.words["trust"] and "–" in page.words["trust"]
    assert "Faults put in on purpose" in page.words["trust"]
    kind = [{**READERS[0], "readers": 0.65}]
    assert "strict readers" not in Page(write_report(room, readers=kind).read_text()).words["top"]
    assert trust_tables(None) is None and trust_tables({}, [], []) is None


def test_the_page_shows_what_the_guard_made_of_the_same_draw(tmp_path):
    samples = three_conditions()
    for sample in samples:
        if sample["condition"] == "tuned guarded":
            sample |= {"reply": "Words of the guard.", "source": "fallback"}
    words = Page(write_report(write_room(tmp_path, samples)).read_text()).words["ten"]
    assert words.count("Words of the guard.") == 10
    assert "put together by the guard’s rules" in words
    for sample in samples:
        if sample["condition"] == "tuned guarded":
            sample["reply"] = next(
                s["reply"] for s in samples
                if s["condition"] == "tuned" and s["case"]["id"] == sample["case"]["id"]
                and s["seed"] == sample["seed"]
            )  # fmt: skip
    words = Page(write_report(write_room(tmp_path, samples)).read_text()).words["ten"]
    assert words.count("The same words: the guard lets them through.") == 10


def test_the_verdict_lists_each_sides_bars(page):
    top = page.words["top"]
    assert top.count("bars cleared") == 2
    assert top.index("On its own") < top.index("With its guard", top.index("On its own"))


def test_settings_say_the_guards_rules_in_words():
    guard = {"triage": {"version": 3, "sha256": "abcdef0123456789"}, "accept": 2}
    rows = dict(report_settings(META | {"guard_version": guard}, {}))
    assert rows["Guard, version"] == "triage 3 (abcdef01), accept 2"
    assert dict(report_settings(META, {}))["Guard, version"] == "1"
    assert dict(report_settings({}, {}))["Guard, version"] == "not recorded"
