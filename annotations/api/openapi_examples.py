"""Examples of requests and answers in the OpenAPI description: judging, releases, rounds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

from codesign.jobs.serializers import QUEUED

ASSIGNMENT_ID = "5b0c2a54-6d0e-4f7c-9d3a-2f1d0f6a7c11"
FIRST, SECOND = "0d9f6a52-8f51-4a0b-b7fb-4f6f6f9b2a01", "7f0b1f0e-93a4-4a3c-8a1e-1c7f1b5c9a02"
RELEASE_ID = "3c1d0b7e-2f8a-4f0e-9b59-5a3e5b8d4c21"

SUBMISSION: dict[str, Any] = {
    "ratings": [
        {"response": FIRST, "criterion": "heard", "score": 5},
        {"response": SECOND, "criterion": "heard", "score": 3},
    ],
    "ranking": [[FIRST], [SECOND]],
    "strength": 2,
    "rewrites": [{"response": SECOND, "text": "That sounds tiring. What would help tonight?"}],
    "highlights": [{"response": SECOND, "start": 0, "end": 11, "label": "cold"}],
    "flags": [],
    "comment": "The first one listens before it advises.",
    "active_seconds": 148,
}
ASSIGNMENT: dict[str, Any] = {
    "id": ASSIGNMENT_ID,
    "study": "hard-days",
    "state": "leased",
    "expires_at": "2026-11-23T12:00:00Z",
    "prompt": {
        "id": "c2a7d4ce-5b3b-4d5e-8a06-3d7a2f9e1b03",
        "messages": [{"role": "user", "content": "I have slept badly for weeks."}],
        "category": "intervention",
        "topics": ["sleep"],
        "intensity": 1,
        "language": "en",
    },
    "responses": [
        {"id": FIRST, "label": "A", "text": "That sounds exhausting. What keeps you awake?"},
        {"id": SECOND, "label": "B", "text": "Go to bed earlier and avoid screens."},
    ],
    "rubric": {
        "id": "9e4c1f36-1d0a-4c57-93cf-7a1b6d2e8f04",
        "version": 1,
        "title": "How it would feel to get this reply",
        "criteria": [
            {
                "key": "heard",
                "title": "Heard",
                "question": "Would you feel heard?",
                "scale": {
                    "kind": "likert",
                    "min": 1,
                    "max": 5,
                    "anchors": {"1": "not at all"},
                },
                "unsure": None,
                "points": None,
                "only_if": None,
                "turns": False,
            }
        ],
        "reasons": [{"key": "listens", "title": "It listens first"}],
        "labels": [{"key": "gentle", "title": "Gentle"}],
    },
    "turns": [],
    "asks": ["rating", "ranking", "rewrite", "highlight", "flag"],
    "pay": {"amount_minor": 80, "currency": "GBP"},
    "covered": False,
    "training": False,
    "draft": None,
}
RELEASE: dict[str, Any] = {
    "id": RELEASE_ID,
    "number": 1,
    "purpose": "training",
    "least_p": 0.5,
    "least_margin": 0.0,
    "least_median": 0.75,
    "state": "queued",
    "error": "",
    "created_at": "2026-11-23T09:00:00Z",
    "frozen_at": None,
    "superseded_at": None,
    "rows_done": 0,
    "rows_total": 0,
    "progress": QUEUED,
    "follows": None,
    "example_judgements": False,
    "manifest_sha256": "",
    "manifest": {},
    "loading_advice": "",
}
RETRACTION: dict[str, Any] = {
    "id": "84d2b6c0-0f57-4f52-8a1d-6b1c9d3e7a05",
    "release": RELEASE_ID,
    "release_number": 1,
    "manifest_sha256": "9f2b7c0d4e5a6b8c9f2b7c0d4e5a6b8c9f2b7c0d4e5a6b8c9f2b7c0d4e5a6b8c",
    "retracted_on": "2026-11-23",
    "code": "consent_withdrawn",
    "records": {
        "judgements": ["4e7d1a2b9c0f4e7d1a2b9c0f"],
        "preference": ["a91c3e5f7b2da91c3e5f7b2d"],
        "sft": [],
    },
    "signature": "x8gjeA7MRKTVrRMCLD6qSISvwEV6Jqvd2p9RmB9eEFmZZUT0lvMPk4pDvzbaBmfb"
    "H6y1fXhLkQ0l3y-dWtO2Aw",
}
KEY: dict[str, str] = {
    "kty": "OKP",
    "crv": "Ed25519",
    "alg": "EdDSA",
    "use": "sig",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
ROUND: dict[str, Any] = {
    "id": "2d9f6b1a-8c3e-4f5a-b7d6-1e0c9a8b7f13",
    "title": "First round",
    "kind": "judging",
    "state": "open",
    "created_at": "2026-11-23T09:00:00Z",
    "prompts": 52,
    "seats": 208,
    "judged": 17,
    "cohorts": [
        {
            "cohort": "lived-experience",
            "role": "panelist",
            "asks": ["rating", "ranking", "rewrite"],
            "rubric": "lived-experience",
            "rubric_version": 1,
            "overlap": 3,
        }
    ],
}
JUDGEMENT: dict[str, Any] = {
    "id": "b1f7c3a0-2d4e-4b6a-8c9d-0e1f2a3b4c06",
    "assignment": ASSIGNMENT_ID,
    "round": ROUND["id"],
    "prompt": "c2a7d4ce-5b3b-4d5e-8a06-3d7a2f9e1b03",
    "person": "kqmvtzbwrn",
    "cohort": "lived-experience",
    "order_shown": [FIRST, SECOND],
    "ratings": SUBMISSION["ratings"],
    "turn_ratings": None,
    "ranking": [[FIRST], [SECOND]],
    "strength": 2,
    "all_harmful": False,
    "why": ["listens"],
    "highlights": [{"response": SECOND, "start": 0, "end": 11}],
    "flags": [],
    "active_ms": 148_000,
    "submitted_at": "2026-11-23T10:04:00Z",
    "example": False,
}


def sent(value: Any) -> OpenApiExample:
    """Return an example of a request body."""
    return OpenApiExample("Request", value, request_only=True)


def answered(value: Any, *codes: int) -> OpenApiExample:
    """Return an example of an answer's body."""
    return OpenApiExample(
        "Answer", value, response_only=True, status_codes=[str(code) for code in codes or (200,)]
    )


LEASED = [answered(ASSIGNMENT, 200, 201)]
READ = [answered(ASSIGNMENT)]
DRAFT = [
    sent({"comment": "The first one listens"}),
    answered({"draft": {"comment": "The first one listens"}, "saved_at": "2026-11-23T10:02:11Z"}),
]
SKIP = [
    sent({"reason": "too_close", "note": ""}),
    answered({"next": None, "pay_held": False, "rest": False}),
]
UNDO = [answered({**ASSIGNMENT, "pay": {"amount_minor": 0, "currency": "GBP"}})]
LATER = [answered({"next": None, "rest": False})]
CHOICES: dict[str, Any] = {
    "choices": [{"topic": "low mood", "choice": "never"}, {"topic": "sleep", "choice": "fine"}],
    "minutes": 30,
    "study_minutes": 60,
}
TOPICS = [answered(CHOICES)]
CHOOSE = [
    sent({"choices": [{"topic": "low mood", "choice": "never"}], "minutes": 30}),
    answered(CHOICES),
]
SUBMIT = [
    sent(SUBMISSION),
    answered(
        {
            "judgement": "b1f7c3a0-2d4e-4b6a-8c9d-0e1f2a3b4c06",
            "next": None,
            "pay_held": False,
            "rest": False,
        },
        201,
    ),
]
OWN_WORK: dict[str, Any] = {
    "id": ASSIGNMENT_ID,
    "asked": "I have slept badly for weeks.",
    "sent_at": "2026-11-23T10:04:00Z",
    "revisions": 1,
    "skip_reason": "",
    "pay": {"amount_minor": 80, "currency": "GBP"},
    "earned": "paid",
}
OWN_JUDGEMENTS = [answered(OWN_WORK)]
OWN_JUDGEMENT = [
    answered(
        {
            "work": OWN_WORK,
            "assignment": ASSIGNMENT | {"state": "submitted"},
            "answers": {name: SUBMISSION[name] for name in SUBMISSION if name != "active_seconds"}
            | {"all_harmful": False},
            "settled": None,
        }
    )
]
CORRECT = [
    sent(SUBMISSION | {"comment": "The first one listens."}),
    answered(
        {
            "judgement": "f2a1d7c4-5b6e-4c3d-9a8b-7e6f5d4c3b07",
            "revision": 2,
            "kept_flags": 0,
        }
    ),
]
RELEASES = [sent({"purpose": "training", "least_median": "0.75"}), answered(RELEASE, 200, 201)]
ONE_RELEASE = [answered(RELEASE)]
RETRACTIONS = [answered(RETRACTION)]
SIGNING_KEY = [answered(KEY)]
ONE_ROUND = [answered(ROUND)]
JUDGEMENTS = [answered(JUDGEMENT)]
