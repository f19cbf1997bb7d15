"""The cues of nonsense by name: what each means to a reader, and whether one alone is enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from josi_utils.scoring.answering import answering_cues
from josi_utils.scoring.asking import asking_cues
from josi_utils.scoring.filler import filler_cues
from josi_utils.scoring.muddle import muddle_cues
from josi_utils.scoring.needless_help import help_cues
from josi_utils.scoring.plan_talk import plan_cues
from josi_utils.scoring.presumed import presumed_cues
from josi_utils.scoring.reading import Cue, Reading


class Meaning(NamedTuple):
    """A cue in words, and whether it fails a reply by itself.

    ``alone`` cues are those that at most 1 in 300 gold replies and no accepted reply of the
    calibration set has. They fail replies in the plain register; :data:`ALWAYS` fail any.
    """

    reason: str
    alone: bool = False


CUES: dict[str, Meaning] = {
    # needless_help
    "needless_emergency": Meaning("sends to the emergency number without need", True),
    "needless_doctor": Meaning("sends to a doctor or to others without need", True),
    "tell_invented": Meaning("has the helpers told what the athlete did not say"),
    "tell_turned": Meaning("has the helpers told the opposite of what the athlete said", True),
    "cheer_in_need": Meaning("cheers where somebody needs help"),
    "question_not_for_need": Meaning("asks something beside the need"),
    # presumed
    "ack_unlicensed": Meaning("acknowledges what was not said"),
    "ack_like": Meaning("is glad of a liking that nobody spoke of", True),
    "glad_without_cause": Meaning("is glad where there is nothing to be glad of"),
    "feeling_presumed": Meaning("presumes a feeling"),
    "turned_denied": Meaning("denies what the athlete said"),
    "turned_affirmed": Meaning("says what the athlete denied"),
    "fact_not_given": Meaning("says of the athlete what was not given"),
    "is_a_number": Meaning("makes a number of the athlete"),
    "lack_not_given": Meaning("says of the athlete what they are not or did not"),
    "somebody_unnamed": Meaning("speaks of somebody whom nobody named"),
    "calls_athlete_josi": Meaning("calls the athlete Josi", True),
    # plan_talk
    "colour_wrong": Meaning("names another colour than the plan", True),
    "colour_invented": Meaning("names a colour that nobody gave", True),
    "colour_and_more": Meaning("hangs a reason on the colour"),
    "plan_called_easy": Meaning("calls a hard session easy", True),
    "plan_called_hard": Meaning("calls an easy session hard"),
    "change_invented": Meaning("speaks of a change that the plan does not have", True),
    "plan_unseen": Meaning("speaks of a plan that is not there", True),
    "rest_with_session": Meaning("trains on a rest day", True),
    "session_called_rest": Meaning("rests where the plan has a session", True),
    "old_session_told": Meaning("tells the session that was replaced", True),
    "slot_wrong": Meaning("puts a number in the wrong place of the plan", True),
    "reason_misplaced": Meaning("hangs a reason on what it cannot explain"),
    "reason_absurd": Meaning("gives a reason that speaks for the opposite", True),
    "reason_denied": Meaning("denies the plan's own reason"),
    "reason_again": Meaning("gives the same reason twice"),
    # asking
    "asks_before_done": Meaning("asks how something was that is still to come"),
    "asks_how_it_was": Meaning("asks how it was where nothing was done"),
    "asks_anything": Meaning("asks what would end any reply"),
    "asks_oddly": Meaning("asks a question without sense"),
    "asks_foreign": Meaning("asks about something new"),
    "asks_nothing": Meaning("asks nothing"),
    # answering
    "off_topic_taken_up": Meaning("answers what is not Josi's to answer", True),
    "off_topic_promised": Meaning("promises help with what is not Josi's", True),
    "turned_away": Meaning("turns away what is Josi's to answer", True),
    "no_coach": Meaning("denies to be the coach", True),
    "josi_senses": Meaning("sees or feels what Josi cannot"),
    "little_said": Meaning("says next to nothing"),
    "goal_endorsed": Meaning("praises a goal that is too much"),
    "card_turned": Meaning("turns round what the card says", True),
    "no_knowledge": Meaning("says nothing that a card has"),
    "not_answered": Meaning("does not answer the question"),
    "opener_unrelated": Meaning("opens beside the message"),
    "nothing_picked": Meaning("takes up no word of the message"),
    # filler
    "filler_is_a_good": Meaning("calls something a good one of its kind"),
    "filler_you_are": Meaning("tells the athlete how they are"),
    "filler_you_have": Meaning("tells the athlete what they have"),
    "filler_it_is": Meaning("says that it is so"),
    "filler_you_can": Meaning("allows what nobody asked"),
    "filler_i_am": Meaning("speaks of Josi"),
    "same_word_again": Meaning("turns in the same words"),
    "same_sentence_again": Meaning("says a sentence twice", True),
    "said_and_denied": Meaning("says a thing and denies it"),
    "order_not_given": Meaning("gives an order that no plan or card has"),
    "claim_of_body": Meaning("claims something of the athlete's body or plan"),
    "general_claim": Meaning("claims something in general that no card has"),
    # muddle
    "thing_feels": Meaning("lays a feeling on a thing", True),
    "explained_by_itself": Meaning("explains a word by itself", True),
    "wish_taken_for_fact": Meaning("takes for a fact what the athlete only wished", True),
    "number_moved": Meaning("puts a number at another time than the athlete did", True),
}


#: Enough alone in any register: they go against the plan, the card or the athlete's safety.
ALWAYS = frozenset(
    ("needless_emergency", "colour_wrong", "plan_called_easy", "rest_with_session",
     "session_called_rest", "old_session_told", "slot_wrong", "card_turned", "tell_turned")
)  # fmt: skip


def find_cues(reading: Reading) -> Iterator[Cue]:
    """Yield every cue of nonsense in a reply."""
    yield from help_cues(reading)
    yield from presumed_cues(reading)
    yield from plan_cues(reading)
    yield from asking_cues(reading)
    yield from answering_cues(reading)
    yield from filler_cues(reading)
    yield from muddle_cues(reading)
