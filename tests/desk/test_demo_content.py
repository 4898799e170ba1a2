"""The demo study's words: shapes, balance, care with language, and how hard they are to read.

Plain files, plain checks: nothing here needs Django, so a slip in the content shows at once.
"""

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from codesign.consent.rules import filled, paragraphs_of, reading_grade, syllables, words_of
from tests.support.demo_content import PROMPTS, shingles

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "codesign"
DEMO = APP / "desk" / "demo"
CARE = APP / "care"

CATEGORIES = {"education", "assessment", "intervention"}
TOPICS = {
    "anxiety",
    "bipolar",
    "caring for someone",
    "culture and faith",
    "eating",
    "getting help",
    "grief",
    "hearing voices",
    "loneliness",
    "low mood",
    "medication",
    "money",
    "OCD",
    "parenting",
    "relationships",
    "self-harm",
    "sleep",
    "stigma",
    "study",
    "substance use",
    "suicidal thoughts",
    "trauma",
    "work",
}
PURPOSES = [
    "take_part",
    "training",
    "evaluation",
    "commercial",
    "publication",
    "demographics",
    "quotation",
    "recontact",
    "credit",
    "linking",
]
# WHO 2023 (media guidance on suicide) and IASP: words that blame, sell or teach.
FORBIDDEN = re.compile(
    r"\b(commit(s|ted|ting)? suicide|(un)?successful suicide|(un)?successful attempt"
    r"|failed (suicide|attempt)|suicide epidemic|suicide victim|cry for help|attention.seeking"
    r"|psycho\b|schizophrenics?\b|lunatic|nutter|\baddicts?\b|junkie|suffer(s|ing)? from"
    r"|overdos|hang(ed|ing) (my|him|her|them)|razor|\bblades?\b|\bnoose|jump(ed|ing) off)",
    re.IGNORECASE,
)
AT_EXAMPLE = re.compile(r"^[a-z0-9]+@example\.org$")


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


RUBRICS = load(ROOT / "annotations" / "rubrics.json")
CONSENT = filled(load(APP / "consent" / "example.json"), load(DEMO / "consent.json"))
STUDY = load(DEMO / "study.json")
HELPLINES = load(CARE / "helplines.json")
HELP = load(CARE / "help.json")


def turns(prompt: dict[str, Any]) -> list[dict[str, str]]:
    """A prompt as a list of turns, whichever of its two forms it was written in."""
    value = prompt["prompt"]
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


def whole_text(prompt: dict[str, Any]) -> str:
    return " ".join(turn["content"] for turn in turns(prompt))


def consent_paragraphs() -> list[str]:
    return paragraphs_of(CONSENT)


def strings_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    )
    return [text for child in children for text in strings_in(child)]


def test_there_are_54_prompts_and_9_of_them_are_held_out() -> None:
    assert len(PROMPTS) == 54
    assert sum(p["held_out"] for p in PROMPTS) == 9
    assert len({p["external_id"] for p in PROMPTS}) == 54


def test_categories_are_balanced_among_judged_and_held_out() -> None:
    counted = Counter((p["category"], p["held_out"]) for p in PROMPTS)
    assert counted == {(c, h): 3 if h else 15 for c in CATEGORIES for h in (True, False)}


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p["external_id"])
def test_a_prompt_has_the_import_format(prompt: dict[str, Any]) -> None:
    required = {"external_id", "prompt", "category", "topics", "intensity", "language", "held_out"}
    assert required <= set(prompt) <= required | {"family", "responses"}
    assert prompt["intensity"] in (1, 2, 3)
    assert prompt["language"] == "en"
    assert isinstance(prompt["held_out"], bool)
    assert prompt["topics"]
    assert set(prompt["topics"]) <= TOPICS
    assert len(set(prompt["topics"])) == len(prompt["topics"])


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p["external_id"])
def test_a_prompt_takes_turns_and_ends_with_the_person(prompt: dict[str, Any]) -> None:
    roles = [turn["role"] for turn in turns(prompt)]
    assert len(roles) % 2 == 1
    assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
    assert all(turn["content"] == turn["content"].strip() != "" for turn in turns(prompt))
    assert 15 <= len(words_of(whole_text(prompt))) <= 90


def test_conversations_are_among_judged_and_held_out() -> None:
    conversations = Counter(p["held_out"] for p in PROMPTS if len(turns(p)) > 1)
    assert conversations[False] >= 6
    assert conversations[True] >= 2


def test_every_topic_is_there_to_be_judged_and_none_dominates() -> None:
    judged = Counter(topic for p in PROMPTS if not p["held_out"] for topic in p["topics"])
    assert set(judged) == TOPICS
    assert max(judged.values()) <= 8
    everywhere = Counter(topic for p in PROMPTS for topic in p["topics"])
    assert min(everywhere.values()) >= 2


def test_heavy_texts_are_tagged_as_heavy_and_are_the_fewest() -> None:
    counted = Counter(p["intensity"] for p in PROMPTS)
    assert counted[3] < counted[1] < counted[2]
    for prompt in PROMPTS:
        if {"self-harm", "suicidal thoughts"} & set(prompt["topics"]):
            assert prompt["intensity"] == 3, prompt["external_id"]


def test_no_two_prompts_are_near_duplicates_outside_their_family() -> None:
    for one, two in itertools.combinations(PROMPTS, 2):
        if "family" in one and one.get("family") == two.get("family"):
            continue
        first, second = shingles(whole_text(one)), shingles(whole_text(two))
        similarity = len(first & second) / len(first | second)
        assert similarity < 0.5, (one["external_id"], two["external_id"])


def test_a_family_differs_in_one_word_and_stays_on_one_side() -> None:
    families: dict[str, list[dict[str, Any]]] = {}
    for prompt in PROMPTS:
        if "family" in prompt:
            families.setdefault(prompt["family"], []).append(prompt)
    assert families
    for members in families.values():
        assert len(members) == 2
        assert len({m["held_out"] for m in members}) == 1
        one, two = (words_of(whole_text(m)) for m in members)
        assert sum(a != b for a, b in zip(one, two, strict=True)) == 1


def test_no_file_uses_words_that_blame_or_teach_a_method() -> None:  # standards 4.12
    for content in (PROMPTS, RUBRICS, CONSENT, STUDY, HELPLINES, HELP):
        for text in strings_in(content):
            assert not FORBIDDEN.search(text), text


def test_the_two_rubrics_have_their_criteria_in_order() -> None:
    keys = {name: [c["key"] for c in rubric["criteria"]] for name, rubric in RUBRICS.items()}
    assert keys == {
        "lived_experience": ["heard", "respected", "not_judged", "choice", "usable"],
        "clinical": ["accurate", "safe", "handles_risk", "within_role"],
    }


@pytest.mark.parametrize(
    "criterion",
    [c for rubric in RUBRICS.values() for c in rubric["criteria"]],
    ids=lambda c: c["key"],
)
def test_a_criterion_asks_one_question_and_names_each_step(criterion: dict[str, Any]) -> None:
    assert set(criterion) == {"key", "title", "help", "scale"}
    assert criterion["help"].count("?") == 1
    assert criterion["help"].endswith("?")
    scale = criterion["scale"]
    assert (scale["kind"], scale["min"], scale["max"]) == ("likert", 1, 5)
    assert list(scale["anchors"]) == ["1", "2", "3", "4", "5"]
    anchors = list(scale["anchors"].values())
    assert len(set(anchors)) == 5
    assert all(1 <= len(words_of(anchor)) <= 7 for anchor in anchors)


def test_consent_offers_separate_choices_and_only_taking_part_is_required() -> None:
    # standards 2.5. "required" is the only switch a choice has: there is no default to tick.
    choices = CONSENT["choices"]
    assert [c["purpose"] for c in choices] == PURPOSES
    assert [c["required"] for c in choices] == [True] + [False] * (len(PURPOSES) - 1)
    assert all(set(c) == {"purpose", "title", "help", "required"} for c in choices)
    assert all(c["title"] and c["help"] for c in choices)


def test_consent_can_be_read_at_grade_eight() -> None:  # standards 2.14
    assert CONSENT["language"] == "en"
    assert reading_grade(consent_paragraphs()) <= 8
    for paragraph in CONSENT["key_information"]:
        assert len(words_of(paragraph)) <= 50, paragraph


def test_consent_and_help_tell_of_the_program_that_looks_for_a_crisis() -> None:
    consent, help_ = " ".join(consent_paragraphs()), " ".join(strings_in(HELP))
    for said in (consent, help_):
        assert "signs that you may be in a crisis" in said or "signs of a crisis" in said
        assert "safety lead" in said
        assert "read along" not in said
        assert "Nobody watches" not in said
    assert "by computer programs or by people" in consent


def test_consent_says_what_a_person_must_know_first() -> None:  # standards 2.9, 2.14, 3.4
    first = " ".join(CONSENT["key_information"])
    for said in ("made-up", "computer programs", "paid", "skip", "stop at any time", "at once"):
        assert said in first, said
    everything = " ".join(consent_paragraphs())
    assert "may not be able to unlearn" in everything
    assert "The amount is shown before you start" in everything
    assert not re.search(r"[£$€]|\b\d+ ?(p|pence|pounds)\b", everything)


@pytest.mark.parametrize(
    "field",
    [
        "data controller",
        "data protection officer",
        "legal basis",
        "used for",
        "shared only with",
        "another country",
        "years after the study ends",
        "get a copy",
        "put right",
        "deleted",
        "limit how we use it",
        "object",
        "take back",
        "complain",
        "by law or by contract",
        "decision about you",
    ],
)
def test_consent_has_the_fields_of_a_privacy_notice(field: str) -> None:  # standards 2.11
    headings = [section["heading"] for section in CONSENT["sections"]]
    assert field in " ".join([*headings, *consent_paragraphs()])


def test_the_study_names_its_cohorts_and_their_rubrics() -> None:
    cohorts = {c["key"]: (c["role"], c["overlap"], c["rubric"]) for c in STUDY["cohorts"]}
    assert cohorts == {
        "lived_experience": ("panelist", 3, "lived_experience"),
        "clinician": ("clinician", 1, "clinical"),
    }
    assert {c["rubric"] for c in STUDY["cohorts"]} == set(RUBRICS)
    assert STUDY["asks"] == ["rating", "ranking", "rewrite", "highlight", "flag"]
    assert STUDY["slug"] == "hard-days"
    assert "made-up" in STUDY["summary"]
    assert "made-up" in STUDY["organisation"]


def test_pay_is_above_the_living_wage() -> None:  # standards 3.2
    floor = STUDY["pay_floor"]
    for rate in STUDY["pay"].values():
        assert rate["currency"] == floor["currency"]
        hourly = rate["amount_minor"] * 3600 // rate["estimated_seconds"]
        assert rate["hourly_minor"] == hourly > floor["hourly_minor"]


def test_the_system_message_is_short_and_keeps_the_models_in_their_place() -> None:
    message = STUDY["system_message"]
    assert len(words_of(message)) <= 110
    for said in ("fewer than 100 words", "Never diagnose", "emergency services"):
        assert said in message


def test_accounts_are_plainly_made_up_and_panelists_stand_first() -> None:
    accounts = STUDY["accounts"]
    assert [a["role"] for a in accounts] == [
        *["panelist"] * 6,
        *["clinician"] * 3,
        "coordinator",
        "safety_lead",
        "ml_engineer",
        "auditor",
        "site_admin",
    ]
    assert all(set(a) == {"email", "role", "name", "consented"} for a in accounts)
    assert all(AT_EXAMPLE.match(a["email"]) for a in accounts)
    assert len({a["email"] for a in accounts}) == len({a["name"] for a in accounts}) == 14
    judging = [a for a in accounts if a["role"] in ("panelist", "clinician")]
    assert [a["role"] for a in judging if not a["consented"]] == ["panelist"]
    assert not any(a["consented"] for a in accounts if a not in judging)


def test_each_helpline_can_be_reached_and_says_where_it_was_checked() -> None:  # standards 4.7
    keys = {"country_code", "country", "kind", "name", "phone", "text", "url", "hours"}
    keys |= {"languages", "note", "source", "checked", "checked_on"}
    for line in HELPLINES:
        assert set(line) == keys
        assert line["phone"] or line["text"] or line["url"]
        assert line["source"].startswith(("https://", "http://"))
        assert line["checked"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", line["checked_on"])
        assert not line["url"] or line["url"].startswith("https://")


def test_each_country_has_an_emergency_number_and_someone_to_talk_to() -> None:
    kinds: dict[str, set[str]] = {}
    for line in HELPLINES:
        kinds.setdefault(line["country_code"], set()).add(line["kind"])
    assert kinds.pop("") == {"directory"}
    assert set(kinds) == {"GB", "IE", "US", "CA", "AU", "NZ", "DE"}
    assert all(country_kinds == {"emergency", "crisis line"} for country_kinds in kinds.values())


def test_the_help_page_is_plain_and_says_what_matters() -> None:  # standards 4.8, 4.10
    assert all(set(part) == {"heading", "paragraphs"} for part in HELP)
    paragraphs = [p for part in HELP for p in part["paragraphs"]]
    assert reading_grade(paragraphs) <= 7
    everything = " ".join(paragraphs)
    for said in ("stop at any time", "skip", "will not call the police", "emergency number"):
        assert said in everything.lower(), said


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1),
        ("judge", 1),
        ("little", 2),
        ("tired", 1),
        ("needed", 2),
        ("replies", 2),
        ("computer", 3),
        ("services", 3),
        ("emergency", 4),
        ("skipped", 1),
        ("can't", 1),
    ],
)
def test_syllables_are_counted_as_spoken(word: str, count: int) -> None:
    assert syllables(word) == count
