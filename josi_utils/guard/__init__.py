"""What the athlete sees is right even when the model is not.

Triage before the model (:func:`triage`, :func:`vetted_reply`), acceptance after it
(:func:`accept`), vetted words where nothing passes (:func:`fallback`), all three in
:func:`guarded_reply`. Rules and texts are data (``data/guard``), so that an app can port the guard
and prove it (:func:`verify_guard`).
The evaluation's scorers are not used here: what guards must not be the only one that judges.
"""

from __future__ import annotations

from josi_utils.guard.accept import Reason, Verdict, accept
from josi_utils.guard.data import guard_dir, rules_record
from josi_utils.guard.fallback import fallback
from josi_utils.guard.intent import intent
from josi_utils.guard.reply import GuardedReply, guarded_reply
from josi_utils.guard.triage import Triage, triage
from josi_utils.guard.verify import verify_guard
from josi_utils.guard.vetted import vetted_reply

__all__ = [
    "GuardedReply",
    "Reason",
    "Triage",
    "Verdict",
    "accept",
    "fallback",
    "guard_dir",
    "guarded_reply",
    "intent",
    "rules_record",
    "triage",
    "verify_guard",
    "vetted_reply",
]
