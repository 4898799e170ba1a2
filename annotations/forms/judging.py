"""Convert the inputs of the judging page into the fields of a submission, and back.

Inputs are named after the letter of a reply. `inputs` and `answers` are inverse for everything that
the page asks. Only `annotations.contract` decides whether the answers are complete and valid;
`errors` assigns its error messages to the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotations.forms import marks
from annotations.forms.judging_rubric import (
    chosen_reasons,
    ratings_asked,
    reason_inputs,
    score_of,
)
from annotations.forms.judging_turns import turn_input, turn_inputs, turn_ratings
from annotations.forms.words import BOTH_HARMFUL, CANNOT_RANK, COMPARISON
from annotations.queries.shown import ShownAssignment, ShownResponse
from annotations.rules.states import Ask
from annotations.rules.texts import one_line_ending, same_text
from codesign.shared.errors import Invalid
from codesign.shared.visible import seen, shows_nothing

Inputs = Mapping[str, str]


def rating_input(letter: str, criterion: str) -> str:
    """Return the name of the radio group for one reply and one question."""
    return f"rating-{letter}-{criterion}"


def reply_input(part: str, response: ShownResponse) -> str:
    """Return the name of an input for one reply, such as "note-A"."""
    return f"{part}-{response['label']}"


def answers(posted: Inputs, shown: ShownAssignment) -> dict[str, Any]:
    """Return the fields of a submission from the inputs, without empty fields."""
    asks = shown["asks"]
    filled: dict[str, Any] = {}
    if Ask.RATING in asks:
        filled["ratings"] = ratings_asked(_ratings(posted, shown), shown["rubric"])
        filled["turn_ratings"] = turn_ratings(posted, shown)
    if Ask.RANKING in asks:
        filled["all_harmful"] = _all_harmful(posted)
        filled["cannot_rank"] = _cannot_rank(posted)
        filled |= _comparison(posted, shown)
    if Ask.REWRITE in asks:
        filled["rewrites"] = _rewrites(posted, shown)
    if Ask.FLAG in asks:
        filled["flags"] = _flags(posted, shown)
    if Ask.HIGHLIGHT in asks:
        filled["highlights"] = marks.highlights(posted, shown)
    filled["why"] = chosen_reasons(posted, shown["rubric"])
    filled["comment"] = seen(one_line_ending(posted.get("comment", "")))
    seconds = posted.get("active_seconds", "")
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 7:
        filled["active_seconds"] = int(seconds)
    return {name: value for name, value in filled.items() if value not in ("", [], False)}


def _ratings(posted: Inputs, shown: ShownAssignment) -> list[dict[str, Any]]:
    ratings = []
    for response in shown["responses"]:
        for criterion in shown["rubric"]["criteria"]:
            typed = posted.get(rating_input(response["label"], criterion["key"]), "")
            if (score := score_of(typed)) is not None:
                ratings.append(
                    {
                        "response": response["id"],
                        "criterion": criterion["key"],
                        "score": score,
                    }
                )
    return ratings


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 5


def _all_harmful(posted: Inputs) -> bool:
    return "all_harmful" in posted or posted.get("comparison") == BOTH_HARMFUL


def _cannot_rank(posted: Inputs) -> bool:
    return "cannot_rank" in posted or posted.get("comparison") == CANNOT_RANK


def _comparison(posted: Inputs, shown: ShownAssignment) -> dict[str, Any]:
    ids = [response["id"] for response in shown["responses"]]
    if len(ids) == 1:
        return {} if _all_harmful(posted) else {"ranking": [ids]}
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
        place = posted.get(reply_input("rank", response), "")
        if _is_whole(place) and 1 <= int(place) <= len(groups):
            groups[int(place) - 1].append(response["id"])
    while groups and not groups[-1]:
        groups.pop()
    return {"ranking": groups}


def _rewrites(posted: Inputs, shown: ShownAssignment) -> list[dict[str, str]]:
    """Return a rewrite for each text that differs from its response."""
    rewrites = []
    for response in shown["responses"]:
        text = seen(one_line_ending(posted.get(reply_input("rewrite", response), "")))
        if text and not same_text(text, response["text"]):
            rewrites.append({"response": response["id"], "text": text})
    return rewrites


def _flags(posted: Inputs, shown: ShownAssignment) -> list[dict[str, Any]]:
    flags: list[dict[str, Any]] = []
    for response in shown["responses"]:
        harm = posted.get(reply_input("harm", response), "")
        severity = posted.get(reply_input("severity", response), "")
        note = seen(one_line_ending(posted.get(reply_input("note", response), "")))
        if harm or severity or note:
            level = int(severity) if _is_whole(severity) else None
            flags.append(
                {"response": response["id"], "harm": harm, "severity": level, "note": note}
            )
    return flags


def inputs(shown: ShownAssignment) -> dict[str, str]:
    """Return the inputs that show the draft; the inverse of `answers`.

    A draft from the API can contain anything. What the page cannot show is skipped.
    """
    draft = shown["draft"] or {}
    letters = _letters(shown)
    filled = {"comment": str(draft.get("comment") or "")} | marks.inputs(shown)
    for letter, rating in _entries(draft, "ratings", letters):
        filled[rating_input(letter, str(rating.get("criterion")))] = str(rating.get("score", ""))
    for letter, rewrite in _entries(draft, "rewrites", letters):
        filled[f"rewrite-{letter}"] = str(rewrite.get("text") or "")
    for letter, flag in _entries(draft, "flags", letters):
        filled[f"harm-{letter}"] = str(flag.get("harm") or "")
        filled[f"severity-{letter}"] = str(flag.get("severity") or "")
        filled[f"note-{letter}"] = str(flag.get("note") or "")
    seconds = str(draft.get("active_seconds") or "").partition(".")[0]
    if seconds.isascii() and seconds.isdigit():
        filled["active_seconds"] = seconds
    filled |= dict(turn_inputs(draft))
    filled |= dict(reason_inputs(draft, shown))
    filled |= _comparison_inputs(draft, letters)
    if draft.get("all_harmful") is True:
        filled |= {"comparison": BOTH_HARMFUL} if len(letters) == 2 else {"all_harmful": "on"}
    elif draft.get("cannot_rank") is True:
        filled |= {"comparison": CANNOT_RANK} if len(letters) == 2 else {"cannot_rank": "on"}
    return filled


def _letters(shown: ShownAssignment) -> dict[str, str]:
    """Return response id → letter."""
    return {response["id"]: response["label"] for response in shown["responses"]}


def _entries(
    draft: Mapping[str, Any], part: str, letters: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (letter of the reply, entry) for each entry of that part about a reply shown."""
    entries = draft.get(part)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and str(entry.get("response")) in letters:
            yield letters[str(entry["response"])], entry


def _comparison_inputs(draft: Mapping[str, Any], letters: Mapping[str, str]) -> dict[str, str]:
    ranking = draft.get("ranking")
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
        chosen = f"{filled[0][0]}{draft.get('strength') or 2}"
        return {"comparison": chosen} if chosen in COMPARISON else {}
    return {}


def text_labels(shown: ShownAssignment) -> dict[str, str]:
    """Return input → label, for every input with free text."""
    labels = {"comment": _("Your comment")}
    for response in shown["responses"]:
        letter = {"letter": response["label"]}
        labels[reply_input("rewrite", response)] = _("Your version of reply %(letter)s") % letter
        labels[reply_input("note", response)] = _("Your report about reply %(letter)s") % letter
    return labels


def written(filled: Inputs, shown: ShownAssignment) -> list[tuple[str, str]]:
    """Return (label, text) of every free text that is not empty or unchanged."""
    unchanged = {reply_input("rewrite", one): one["text"] for one in shown["responses"]}
    texts = [
        (label, text)
        for name, label in text_labels(shown).items()
        if not shows_nothing(text := filled.get(name, ""))
        and not (name in unchanged and same_text(text, unchanged[name]))
    ]
    return texts + [
        (mark_label(mark.response["label"]), mark.comment)
        for mark in marks.marks_in(filled, shown)
        if mark.comment
    ]


def mark_label(letter: str) -> str:
    """Return the name of a marked passage in lists of errors and texts."""
    return _("What you marked in reply %(letter)s") % {"letter": letter}


def errors(
    refusal: Invalid, sent: Mapping[str, Any], posted: Inputs, shown: ShownAssignment
) -> dict[str, str]:
    """Return input → error messages of the contract, under "" if no input belongs to them."""
    if not refusal.fields:
        return {"": refusal.title}
    by_input: dict[str, list[str]] = {}
    marked = [mark.name for mark in marks.marks_in(posted, shown)]
    for path, sentences in refusal.fields.items():
        for name in _inputs_of(path, sent, marked, shown):
            by_input.setdefault(name, []).extend(sentences)
    return {name: " ".join(sentences) for name, sentences in by_input.items()}


def _inputs_of(
    path: str, sent: Mapping[str, Any], marked: Sequence[str], shown: ShownAssignment
) -> list[str]:
    """Return the inputs for a field of a submission, such as `flags.0.severity`.

    `marked` names the inputs of the highlights, in their order.
    """
    letters = _letters(shown)
    match path.split("."):
        case ["comment"]:
            return ["comment"]
        case ["ranking" | "strength" | "all_harmful" | "cannot_rank"]:
            return _inputs_of_ranking(sent, shown)
        case ["ratings", response, criterion] if response in letters:
            return [rating_input(letters[response], criterion)]
        case ["turn_ratings", place, criterion] if place.startswith("turn_"):
            return [turn_input(int(place.removeprefix("turn_")), criterion)]
        case ["turn_ratings", number, *_field]:
            entry = sent["turn_ratings"][int(number)]
            return [turn_input(entry["turn"], entry["criterion"])]
        case ["highlights", number, *_field]:
            return [marked[int(number)]]
        case ["ratings" | "rewrites" | "flags" as part, number, *field]:
            entry = sent[part][int(number)]
            letter = letters[entry["response"]]
            if part == "ratings":
                return [rating_input(letter, entry["criterion"])]
            name = {"rewrites": "rewrite", "flags": (field or ["harm"])[0]}[part]
            return [f"{name}-{letter}"]
        case _:
            return [""]


def _inputs_of_ranking(sent: Mapping[str, Any], shown: ShownAssignment) -> list[str]:
    """Return the comparison for two replies; for more, the places that are not chosen."""
    if len(shown["responses"]) == 2:
        return ["comparison"]
    placed = {response for group in sent.get("ranking", ()) for response in group}
    left = [one for one in shown["responses"] if one["id"] not in placed]
    if sent.get("all_harmful") or sent.get("cannot_rank") or not left:
        return ["all_harmful"]
    return [reply_input("rank", response) for response in left]
