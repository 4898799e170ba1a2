"""From the fields of the judging page to a submission, and back.

Fields are named by the letter that a reply is shown under. `fields` and `draft` undo each other
for everything that the page asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.forms.words import BOTH_HARMFUL, COMPARISON
from annotations.queries.assignments import ShownAssignment, ShownResponse
from annotations.rules.states import Ask
from annotations.rules.texts import one_line_ending, same_text
from codesign.shared.visible import seen, shows_nothing

Fields = Mapping[str, str]


def rating_field(letter: str, criterion: str) -> str:
    """The radio group for one reply and one question."""
    return f"rating-{letter}-{criterion}"


def reply_field(part: str, response: ShownResponse) -> str:
    """The field of that name for one reply."""
    return f"{part}-{response['label']}"


def body(posted: Fields, shown: ShownAssignment) -> dict[str, Any]:
    """The submission that these fields make.

    What is half filled in, or says two things at once, was asked about by `missing` before.
    """
    sent = draft(posted, shown)
    if sent.get("all_harmful"):
        sent.pop("ranking", None)
        sent.pop("strength", None)
    return sent


def draft(posted: Fields, shown: ShownAssignment) -> dict[str, Any]:
    """What is filled in so far; empty parts are left out."""
    asks = shown["asks"]
    kept: dict[str, Any] = {}
    if Ask.RATING in asks:
        kept["ratings"] = _ratings(posted, shown)
    if Ask.RANKING in asks:
        kept |= _comparison(posted, shown)
        kept["all_harmful"] = _all_harmful(posted)
    if Ask.REWRITE in asks:
        kept["rewrites"] = _rewrites(posted, shown)
    if Ask.FLAG in asks:
        kept["flags"] = _flags(posted, shown)
    if Ask.HIGHLIGHT in asks and shown["draft"]:
        kept["highlights"] = shown["draft"].get("highlights", [])  # marked through the API
    kept["comment"] = seen(one_line_ending(posted.get("comment", "")))
    seconds = posted.get("active_seconds", "")
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 7:
        kept["active_seconds"] = int(seconds)
    return {key: value for key, value in kept.items() if value not in ("", [], False)}


def _ratings(posted: Fields, shown: ShownAssignment) -> list[dict[str, Any]]:
    found = []
    for response in shown["responses"]:
        for criterion in shown["rubric"]["criteria"]:
            score = posted.get(rating_field(response["label"], criterion["key"]), "")
            if _is_whole(score.removeprefix("-")):
                found.append(
                    {
                        "response": response["id"],
                        "criterion": criterion["key"],
                        "score": int(score),
                    }
                )
    return found


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 5


def _all_harmful(posted: Fields) -> bool:
    return "all_harmful" in posted or posted.get("comparison") == BOTH_HARMFUL


def _comparison(posted: Fields, shown: ShownAssignment) -> dict[str, Any]:
    ids = [response["id"] for response in shown["responses"]]
    if len(ids) == 1:
        return {"ranking": [ids]}
    if len(ids) == 2:
        chosen = posted.get("comparison", "")
        if chosen == "0":
            return {"ranking": [ids]}
        if chosen not in COMPARISON:
            return {}
        better = ids if chosen[0] == "A" else ids[::-1]
        return {"ranking": [[one] for one in better], "strength": int(chosen[1])}
    groups: list[list[str]] = [[] for _ in ids]
    for response in shown["responses"]:
        place = posted.get(reply_field("rank", response), "")
        if _is_whole(place) and 1 <= int(place) <= len(groups):
            groups[int(place) - 1].append(response["id"])
    while groups and not groups[-1]:
        groups.pop()
    return {"ranking": groups}


def _rewrites(posted: Fields, shown: ShownAssignment) -> list[dict[str, str]]:
    """Only what was changed is a rewrite."""
    found = []
    for response in shown["responses"]:
        text = seen(one_line_ending(posted.get(reply_field("rewrite", response), "")))
        if text and not same_text(text, response["text"]):
            found.append({"response": response["id"], "text": text})
    return found


def _flags(posted: Fields, shown: ShownAssignment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for response in shown["responses"]:
        harm = posted.get(reply_field("harm", response), "")
        severity = posted.get(reply_field("severity", response), "")
        note = seen(one_line_ending(posted.get(reply_field("note", response), "")))
        if harm or severity or note:
            level = int(severity) if _is_whole(severity) else None
            found.append(
                {"response": response["id"], "harm": harm, "severity": level, "note": note}
            )
    return found


def fields(shown: ShownAssignment) -> dict[str, str]:
    """The fields as the draft leaves them; the opposite of `draft`.

    A draft may come from elsewhere and holds whatever was sent: what makes no sense is passed over.
    """
    kept = shown["draft"] or {}
    letters = {response["id"]: response["label"] for response in shown["responses"]}
    found = {"comment": str(kept.get("comment") or "")}
    for letter, rating in _entries(kept, "ratings", letters):
        found[rating_field(letter, str(rating.get("criterion")))] = str(rating.get("score", ""))
    for letter, rewrite in _entries(kept, "rewrites", letters):
        found[f"rewrite-{letter}"] = str(rewrite.get("text") or "")
    for letter, flag in _entries(kept, "flags", letters):
        found[f"harm-{letter}"] = str(flag.get("harm") or "")
        found[f"severity-{letter}"] = str(flag.get("severity") or "")
        found[f"note-{letter}"] = str(flag.get("note") or "")
    seconds = str(kept.get("active_seconds") or "").partition(".")[0]
    if seconds.isascii() and seconds.isdigit():
        found["active_seconds"] = seconds
    found |= _comparison_fields(kept, letters)
    if kept.get("all_harmful") is True:
        found |= {"comparison": BOTH_HARMFUL} if len(letters) == 2 else {"all_harmful": "on"}
    return found


def _entries(
    kept: Mapping[str, Any], part: str, letters: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(letter of the reply, entry) for each entry of that part that is about a reply shown."""
    entries = kept.get(part)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and str(entry.get("response")) in letters:
            yield letters[str(entry["response"])], entry


def _comparison_fields(kept: Mapping[str, Any], letters: Mapping[str, str]) -> dict[str, str]:
    ranking = kept.get("ranking")
    groups = [
        [letters.get(str(one), "") for one in group]
        for group in (ranking if isinstance(ranking, list) else ())
        if isinstance(group, list)
    ]
    if len(letters) != 2:
        places = {letter: place for place, group in enumerate(groups, start=1) for letter in group}
        return {f"rank-{letter}": str(place) for letter, place in places.items() if letter}
    filled = [group for group in groups if group]
    if len(filled) == 1 and len(filled[0]) == 2:
        return {"comparison": "0"}
    if len(filled) == 2:
        chosen = f"{filled[0][0]}{kept.get('strength') or 2}"
        return {"comparison": chosen} if chosen in COMPARISON else {}
    return {}


def written(fields: Fields, shown: ShownAssignment) -> list[tuple[str, str]]:
    """(what it is, text) of everything somebody wrote in words of their own."""
    found = [(_("Your comment"), fields.get("comment", ""))]
    for response in shown["responses"]:
        letter = {"letter": response["label"]}
        rewrite = fields.get(reply_field("rewrite", response), "")
        if not same_text(rewrite, response["text"]):
            found.append((_("Your version of reply %(letter)s") % letter, rewrite))
        note = fields.get(reply_field("note", response), "")
        found.append((_("Your report about reply %(letter)s") % letter, note))
    return [(what, text) for what, text in found if not shows_nothing(text)]


def missing(posted: Fields, shown: ShownAssignment) -> dict[str, str]:
    """field → what is still needed before this can be sent, in the order of the page."""
    found: dict[str, str] = {}
    if Ask.FLAG in shown["asks"]:
        found |= _missing_in_flags(posted, shown)
    if Ask.RATING in shown["asks"]:
        found |= _missing_ratings(posted, shown)
    if Ask.RANKING in shown["asks"]:
        found |= _missing_comparison(posted, shown)
    return found


def _missing_in_flags(posted: Fields, shown: ShownAssignment) -> dict[str, str]:
    found: dict[str, str] = {}
    for response in shown["responses"]:
        harm, severity, note = (
            seen(posted.get(reply_field(part, response), ""))
            for part in ("harm", "severity", "note")
        )
        reply = {"letter": response["label"]}
        if harm and not severity:
            found[reply_field("severity", response)] = (
                _("How much harm could reply %(letter)s do?") % reply
            )
        elif not harm and (severity or note):
            found[reply_field("harm", response)] = _("What is wrong with reply %(letter)s?") % reply
    return found


def _missing_ratings(posted: Fields, shown: ShownAssignment) -> dict[str, str]:
    return {
        name: _("%(question)s, reply %(letter)s: choose a number.")
        % {"question": criterion["title"], "letter": response["label"]}
        for criterion in shown["rubric"]["criteria"]
        for response in shown["responses"]
        if not posted.get(name := rating_field(response["label"], criterion["key"]))
    }


def _missing_comparison(posted: Fields, shown: ShownAssignment) -> dict[str, str]:
    places = [reply_field("rank", response) for response in shown["responses"]]
    if _all_harmful(posted) and len(places) > 2 and any(map(posted.get, places)):
        return {"all_harmful": _("You gave places and said that all could do harm: keep one.")}
    if _all_harmful(posted) or len(places) == 1:
        return {}
    if len(shown["responses"]) == 2:
        if posted.get("comparison"):
            return {}
        return {"comparison": _("Which reply would you rather have got? “Equal” is an answer too.")}
    return {
        reply_field("rank", response): _("Reply %(letter)s: choose a place.")
        % {"letter": response["label"]}
        for response in shown["responses"]
        if not posted.get(reply_field("rank", response))
    }
