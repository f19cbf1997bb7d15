"""Golden vectors: what a correct reader of Josi's GGUF makes of given messages, step by step.

Written beside the shipped file and mirrored by the app's own tests: messages → rendered text →
token ids → greedy ids. A reader that adds a BOS, parses no special tokens, splits numbers wrongly
or takes another template fails at the step that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from josi_utils.awkward_texts import AWKWARD_TEXTS
from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file, write_json
from josi_utils.gguf_inspect import require_josi_gguf
from josi_utils.llama_probe import greedy, render_natively, render_with_jinja, token_ids
from josi_utils.llama_runtime import open_model
from josi_utils.persona import render_chatml
from josi_utils.prompt import case_messages

FORMAT = "josi-golden/1"
GREEDY_TOKENS = 12

#: Below this lead (in logits) two tokens are a tie: another processor, thread count or batch shape
#: sums in another order and may choose the other. f16 attention alone moves logits by about 0.05.
TIE = 0.1

_EASY_RUN = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "distance_km": 6.5, "zone": 2},
    "reasons": ["big_recent_load"],
    "readiness": "moderate",
}
_CARD = {
    "id": "taper-01",
    "title": "Why less before a race",
    "text": "In the last days before a race you keep a little work and cut the amount.",
}
_GOAL = {
    "day": "saturday",
    "session": {"kind": "long", "sport": "bike", "minutes": 90, "zone": 2},
    "goal": {"event": "100 km ride", "weeks": 8, "verdict": "ambitious", "alternative": "60 km"},
}


def golden_cases() -> list[dict[str, Any]]:
    """Return the conversations, as (name, case) of the contract; the awkward texts among them."""
    turns = [
        {"role": "user", "content": "how was my week"},
        {"role": "assistant", "content": "You kept it up well. How do your legs feel?"},
    ]
    plain = [
        ("greeting", {"message": "Hi Josi!"}),
        ("decision", {"decision": _EASY_RUN, "message": "what's on today?"}),
        ("card", {"card": _CARD, "message": "why so little before the race?"}),
        ("decision and card", {"decision": _EASY_RUN, "card": _CARD, "message": "Why only 40?"}),
        ("goal", {"decision": _GOAL, "message": "is that realistic"}),
        ("rest day", {"decision": {"day": "today", "session": {"kind": "rest"}}, "message": "?"}),
        ("history", {"history": turns, "message": "tired"}),
        (
            "control token in history",
            {
                "history": [{**turns[0], "content": "ok<|im_end|>"}, turns[1]],
                "message": "go on",
            },
        ),
        ("long message", {"message": "I ran and then I rested and then I ate. " * 20}),
    ]
    awkward = [(f"awkward: {name}", {"message": text}) for name, text in AWKWARD_TEXTS]
    return [{"name": name, "case": case} for name, case in plain + awkward]


def write_golden(
    gguf: Path | str,
    out: Path | str,
    *,
    greedy_tokens: int = GREEDY_TOKENS,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Compute the vectors with the shipped file and write them as JSON, atomically.

    Parameters
    ----------
    gguf, out : path
        The file that ships, and the JSON to write.
    greedy_tokens : int
        Length of each greedy continuation, at most.
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        What was written: ``format``, ``file``, ``sha256``, ``vectors``; each vector has ``name``,
        ``case`` (what the app holds), ``messages`` (after control tokens are broken up), ``text``,
        ``ids``, ``greedy_ids``, ``greedy_leads`` (logits) and ``greedy_text``.

    Raises
    ------
    JosiError
        If the file is not a working Josi, or renders a case otherwise than :mod:`persona`.
    """
    gguf = Path(gguf)
    template = require_josi_gguf(gguf).metadata["tokenizer.chat_template"]
    say = progress or (lambda line: None)
    cases, vectors = golden_cases(), []
    with open_model(gguf, n_ctx=1024) as model:
        for number, entry in enumerate(cases, start=1):
            messages = case_messages(entry["case"])
            text = _render(gguf, template, messages)
            ids = token_ids(model, text)
            drawn, leads = greedy(model, ids, greedy_tokens)
            vectors.append(
                {
                    **entry,
                    "messages": messages,
                    "text": text,
                    "ids": ids,
                    "greedy_ids": drawn,
                    "greedy_leads": [round(lead, 4) for lead in leads],
                    "greedy_text": model.detokenize(drawn).decode("utf-8", "replace"),
                }
            )
            if number % 10 == 0 or number == len(cases):
                say(f"golden vectors: {number} of {len(cases)}")
    golden = {
        "format": FORMAT,
        "file": gguf.name,
        "sha256": sha256_file(gguf),
        "tie": TIE,
        "tokenise": {"add_special": False, "parse_special": True},
        "vectors": vectors,
    }
    write_json(out, golden)
    return golden


def _render(path: Path, template: str, messages: list[dict[str, str]]) -> str:
    """Return the prompt if every way of rendering gives the same bytes."""
    text = render_chatml(messages, generation=True)
    for how, other in (("Jinja", render_with_jinja), ("llama.cpp", render_natively)):
        if other(template, messages, True) != text:
            raise JosiError(f"{path}: {how} renders {messages[-1]['content'][:40]!r} otherwise")
    return text


def verify_golden(
    gguf: Path | str,
    golden: Path | str,
    *,
    check_greedy: bool | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Replay the vectors with a GGUF file.

    Parameters
    ----------
    gguf, golden : path
        The file to check and the JSON of :func:`write_golden`.
    check_greedy : bool, optional
        Whether greedy ids must agree too. Left out: only where the file is the very one (SHA-256)
        that the vectors were made with; another quantisation may rightly go on in other words.
    progress : callable, optional
        Told one line now and then.

    Returns
    -------
    dict
        ``passed`` (bool), ``vectors`` (number), ``greedy_checked`` (bool), ``ties`` (vectors whose
        greedy ids part at a lead under the file's ``tie``) and ``failures``: vector, step
        (``text``, ``ids``, ``greedy_ids``), position of the first difference, both sides there.

    Raises
    ------
    JosiError
        If the vectors are not of this format or the file is not a working Josi.
    """
    wanted = _read_golden(golden)
    template = require_josi_gguf(gguf).metadata["tokenizer.chat_template"]
    if check_greedy is None:
        check_greedy = sha256_file(gguf) == wanted["sha256"]
    say = progress or (lambda line: None)
    failures: list[dict[str, Any]] = []
    ties: list[str] = []
    with open_model(gguf, n_ctx=1024) as model:
        for vector in wanted["vectors"]:
            name = vector["name"]
            text = render_natively(template, vector["messages"], True)
            ids = token_ids(model, vector["text"])
            if case_messages(vector["case"]) != vector["messages"]:
                failures.append({"vector": name, "step": "messages"})
            for step, found in (("text", text), ("ids", ids)):
                if (at := _first_difference(vector[step], found)) is not None:
                    failures.append(_failure(name, step, at, vector[step], found))
            if check_greedy:
                drawn, _ = greedy(model, vector["ids"], len(vector["greedy_ids"]))
                at = _first_difference(vector["greedy_ids"], drawn)
                if at is not None and vector["greedy_leads"][at] < wanted["tie"]:
                    ties.append(name)
                elif at is not None:
                    failures.append(_failure(name, "greedy_ids", at, vector["greedy_ids"], drawn))
    say(f"golden vectors: {len(wanted['vectors'])} replayed, {len(failures)} failures")
    return {
        "passed": not failures,
        "vectors": len(wanted["vectors"]),
        "greedy_checked": check_greedy,
        "ties": ties,
        "failures": failures,
    }


def _read_golden(path: Path | str) -> dict[str, Any]:
    golden = read_json(path)
    fields = {"name", "case", "messages", "text", "ids", "greedy_ids", "greedy_leads"}
    if not isinstance(golden, dict) or golden.get("format") != FORMAT:
        raise JosiError(f"{path}: not golden vectors of format {FORMAT}; write them again")
    vectors = golden.get("vectors")
    whole = isinstance(vectors, list) and vectors and {"sha256", "tie"} <= golden.keys()
    if not whole or not all(isinstance(v, dict) and fields <= v.keys() for v in vectors):
        raise JosiError(f"{path}: vectors or their fields are missing; write them again")
    return golden


def _first_difference(expected: Any, found: Any) -> int | None:
    """Return the first index at which two sequences differ, None if they are equal."""
    if expected == found:
        return None
    pairs = zip(expected, found, strict=False)
    shorter = min(len(expected), len(found))
    return next((index for index, (a, b) in enumerate(pairs) if a != b), shorter)


def _failure(name: str, step: str, at: int, expected: Any, found: Any) -> dict[str, Any]:
    return {
        "vector": name,
        "step": step,
        "position": at,
        "expected": expected[at : at + 8],
        "found": found[at : at + 8],
    }
