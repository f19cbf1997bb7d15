"""Talk to a model as the app would: a reply, its scores, and what the guard would do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.decision import validate_case
from josi_utils.errors import JosiError
from josi_utils.generate import Backend, Request, answer, open_backend
from josi_utils.persona import SAMPLING
from josi_utils.prompt import case_messages


def judged(case: dict[str, Any], reply: Any, deck: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a reply with its scores and the guard's word on it."""
    from josi_utils.guard import accept, fallback, triage, vetted_reply
    from josi_utils.scoring import score

    found = triage(case)
    verdict = accept(case, reply.text, finished=reply.finished, deck=deck)
    if found.flag:
        shown = vetted_reply(found.flag, emergency=found.emergency)
        by = f"triage: {found.flag}"
    elif verdict.ok:
        shown, by = reply.text, "accepted"
    else:
        shown, by = fallback(case, deck), "rejected: " + "; ".join(map(str, verdict.reasons[:2]))
    scores = score(case, reply.text, deck=deck, finished=reply.finished)
    return {
        "Josi said": reply.text,
        "warmth": scores["warmth"],
        "brevity": scores["brevity"],
        "pass": scores["pass"],
        "why": "; ".join(w["reason"] for w in scores["why"][:4]) or "nothing to fault",
        "guard": by,
        "the athlete would read": shown,
    }


def one_turn(
    model: Path | str, case: dict[str, Any], deck: Sequence[dict[str, Any]], *, seed: int = 1
) -> Any:
    """Ask once and return a table for a notebook cell."""
    from josi_utils.notebook import facts

    validate_case(case)
    backend = open_backend(model, slots=1)
    try:
        reply = answer(backend, [Request(tuple(case_messages(case)), seed)], SAMPLING)[0]
    finally:
        backend.close()
    return facts(judged(case, reply, deck))


def conversation(
    backend: Backend,
    deck: Sequence[dict[str, Any]],
    *,
    decision: dict[str, Any] | None = None,
    guard: bool = True,
    seed: int = 1,
) -> None:
    """Chat at the terminal until an empty line; ``/decision {json}`` changes the decision."""
    history: list[dict[str, str]] = []
    print(
        "Write to Josi; an empty line ends. /decision JSON sets the plan, /decision none drops it."
    )
    while True:
        try:
            message = input("you:  ").strip()
        except EOFError:
            return
        if not message:
            return
        if message.startswith("/decision"):
            try:
                decision = parse_decision(message.removeprefix("/decision").strip())
            except JosiError as error:
                print(error)
            continue
        case = {
            "id": "chat", "category": "feelings", "decision": decision,
            "history": history[-4:], "message": message,
        }  # fmt: skip
        reply = answer(backend, [Request(tuple(case_messages(case)), seed)], SAMPLING)[0]
        seed += 1
        view = judged(case, reply, deck)
        shown = view["the athlete would read"] if guard else reply.text
        print(f"Josi: {shown}")
        print(
            f"      [guard: {view['guard']} · warmth {view['warmth']:.1f} · "
            f"{'would pass' if view['pass'] else 'would fail: ' + view['why']}]"
        )
        history += [{"role": "user", "content": message}, {"role": "assistant", "content": shown}]


def parse_decision(text: str) -> dict[str, Any] | None:
    """Return a decision from JSON text or a file's path; ``none`` is no decision."""
    if text in ("", "none"):
        return None
    try:
        raw = Path(text).read_text(encoding="utf-8") if Path(text).is_file() else text
        decision = json.loads(raw)
    except (OSError, json.JSONDecodeError) as error:
        raise JosiError(f"decision: not JSON ({error}); give an object or a file") from None
    validate_case({"id": "chat", "category": "feelings", "message": "-", "decision": decision})
    return decision
