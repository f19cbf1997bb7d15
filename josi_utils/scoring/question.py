"""Question: does the reply hold one real follow-up question?"""

from __future__ import annotations

import re

from josi_utils.scoring.normalise import Finding, Span, content_words, plain_quotes, sentences

#: Tags and offers that ask nothing of this athlete.
EMPTY_QUESTIONS = re.compile(
    r"^(?:(?:so|and|but|now|then)[, ]+)?(?:"
    r"(?:is (?:that|this) )?(?:okay|ok|right|alright|all right|deal|agreed|clear|sound "
    r"(?:okay|ok|good|fair)|sounds? good|"
    r"yeah|yes|no|huh|hm+|shall we|are you in|you in|capisce|got it|understood|fair enough|why not)"
    r"|(?:are you )?ready to .*"
    r"|(?:how|what|where) (?:else )?(?:can|may|could|should) i (?:assist|help|do|support|be of).*"
    r"|what else can i .*"
    r"|do you have (?:any |another |more |other |further )+questions?.*|(?:any|another|more|"
    r"other|further) questions?.*"
    r"|is there anything else.*|anything else.*"
    r"|(?:does|do) (?:that|this|it) make sense.*|(?:is|was) (?:that|this|it) (?:clear|helpful|"
    r"understood).*"
    r"|aren't you .*|isn't (?:that|it|this) .*|don't you (?:think|agree).*|can't you .*|won't "
    r"you .*"
    r"|who knew.*|who cares.*|guess what|you know what|see"
    r")\W*$",
    re.IGNORECASE,
)


def questions(reply: str) -> list[Span]:
    """Return the sentences that end in a question mark."""
    return [s for s in sentences(reply) if s.text.rstrip("\"'”’)* ").endswith(("?", "?!", "!?"))]


def _last_clause(text: str) -> str:
    """Return the part after the last dash or colon-free comma tag ("…, okay?" gives "okay?")."""
    match = re.search(
        r", *((?:okay|ok|right|alright|deal|yes|no|shall we|yeah)\W*)$", text, re.IGNORECASE
    )
    return match.group(1) if match else text


def real_questions(reply: str) -> list[Span]:
    """Return the questions that ask this athlete something."""
    out = []
    for question in questions(reply):
        text = plain_quotes(question.text).strip("\"'* ")
        if EMPTY_QUESTIONS.match(_last_clause(text)) or not re.search(r"[A-Za-z]", text):
            continue
        if len(text.split()) >= 3 or content_words(text):
            out.append(question)
    return out


def score_question(reply: str) -> tuple[bool, list[Finding]]:
    """Return whether there is a real follow-up question, and why not if there is none."""
    if real_questions(reply):
        return True, []
    asked = questions(reply)
    if asked:
        return False, [Finding("question", "asks nothing of this athlete", asked[-1])]
    return False, [Finding("question", "no follow-up question")]
