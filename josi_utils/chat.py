"""Talk to a model as the app would: a reply, its scores, and what the guard would do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from josi_utils.decision import validate_case
from josi_utils.errors import JosiError
from josi_utils.evaluate import DRAW_STRIDE
from josi_utils.generate import Backend, Reply, Request, answer, open_backend
from josi_utils.persona import SAMPLING
from josi_utils.prompt import case_messages

#: Draws that the guard may look at, as in the app.
MAX_DRAWS = 4


def judged(
    case: dict[str, Any],
    reply: Reply,
    deck: Sequence[dict[str, Any]],
    more: Iterable[tuple[str, bool]] = (),
) -> dict[str, Any]:
    """Return a reply with its scores, the guard's word on it, and what the athlete would read.

    Parameters
    ----------
    more : iterable of (text, finished)
        Further draws, taken only as long as the guard turns them down.
    """
    from josi_utils.guard import guarded_reply
    from josi_utils.scoring import score

    shown = guarded_reply(case, chain([(reply.text, reply.finished)], more), deck=deck)
    if shown.source == "triage":
        by = f"answers by itself: {str(shown.triage.flag).replace('_', ' ')}"
    elif shown.draws_used == 1 and shown.source == "draw":
        by = "lets it through"
    else:
        by = "turns it down: " + "; ".join(map(str, shown.verdicts[0].reasons[:2]))
        by += f"; takes draw {shown.draws_used}" if shown.source == "draw" else "; puts its own"
    scores = score(case, reply.text, deck=deck, finished=reply.finished)
    return {
        "Josi said": reply.text,
        **{name: scores[name] for name in ("warmth", "brevity", "plain")},
        "pass": scores["pass"],
        "why": "; ".join(w["reason"] for w in scores["why"][:4]) or "nothing to fault",
        "guard": by,
        "the athlete would read": shown.text,
    }


def answered(
    backend: Backend, case: dict[str, Any], deck: Sequence[dict[str, Any]], seed: int
) -> dict[str, Any]:
    """Ask once, printing the words as they come; return :func:`judged` of the reply."""
    messages = tuple(case_messages(case))
    reply = backend.aloud(Request(messages, seed), SAMPLING, _print_piece)
    print()
    further = (Request(messages, seed + DRAW_STRIDE * n) for n in range(1, MAX_DRAWS))
    drawn = (answer(backend, [request], SAMPLING)[0] for request in further)
    return judged(case, reply, deck, ((again.text, again.finished) for again in drawn))


def one_turn(
    model: Path | str, case: dict[str, Any], deck: Sequence[dict[str, Any]], *, seed: int = 1
) -> Any:
    """Ask once, printing the words as they come, and return a table for a notebook cell."""
    from josi_utils.notebook import facts

    validate_case(case)
    backend = open_for_one(model)
    try:
        view = answered(backend, case, deck, seed)
    finally:
        backend.close()
    return facts({"handed over": case_messages(case)[-1]["content"], **view})


def _print_piece(piece: str) -> None:
    print(piece, end="", flush=True)


def open_for_one(model: Path | str) -> Backend:
    """Return a backend that answers one request at a time."""
    return open_backend(model) if Path(model).is_dir() else open_backend(model, slots=1)


def conversation(
    backend: Backend,
    deck: Sequence[dict[str, Any]],
    *,
    decision: dict[str, Any] | None = None,
    guard: bool = True,
    seed: int = 1,
) -> None:
    """Chat at the terminal until an empty line; ``/decision {json}`` changes the decision.

    The model's words stream in; below them stand its scores and what the guard does. With
    ``guard`` the conversation goes on with what the athlete would have read.
    """
    history: list[dict[str, str]] = []
    card: dict[str, Any] | None = None
    print(
        "Write to Josi; an empty line ends. /decision JSON sets the plan, /card TEXT a card, "
        "'none' drops them."
    )
    while True:
        try:
            message = input("you:   ").strip()
        except EOFError:
            return
        if not message:
            return
        if message.startswith(("/decision", "/card")):
            try:
                if message.startswith("/card"):
                    card = parse_card(message.removeprefix("/card").strip())
                else:
                    decision = parse_decision(message.removeprefix("/decision").strip())
            except JosiError as error:
                print(error)
            continue
        case = {
            "id": "chat", "category": "feelings", "decision": decision, "card": card,
            "history": history[-4:], "message": message,
        }  # fmt: skip
        case = {key: value for key, value in case.items() if value}
        print("model: ", end="")
        view = answered(backend, case, deck, seed)
        seed += 1
        print(f"       [{score_line(view)}]\n       [guard {view['guard']}]")
        shown = view["the athlete would read"] if guard else view["Josi said"]
        if shown != view["Josi said"]:
            print(f"Josi:  {shown}")
        history += [{"role": "user", "content": message}, {"role": "assistant", "content": shown}]


def score_line(view: dict[str, Any]) -> str:
    """Return the scores of :func:`judged` on one line."""
    outcome = "would pass" if view["pass"] else f"would fail: {view['why']}"
    scales = ", ".join(f"{name} {view[name]:.1f}" for name in ("warmth", "brevity", "plain"))
    return f"{scales}; {outcome}"


def parse_card(text: str) -> dict[str, Any] | None:
    """Return a card of a text; ``none`` is no card."""
    if text in ("", "none"):
        return None
    card = {"id": "chat", "title": "A card", "text": text}
    validate_case({"id": "chat", "category": "feelings", "message": "-", "card": card})
    return card


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
