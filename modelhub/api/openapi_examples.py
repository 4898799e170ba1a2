"""Examples of requests and answers about prompts, models and runs, for the OpenAPI schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

from annotations.api.openapi_examples import RELEASE_ID, answered, sent

MODEL = {"id": "1f0a5c3e-7b2d-4e6f-9a8c-0d1e2f3a4b07", "name": "SmolLM2-135M-Instruct"}
CHILD = {
    "id": "6a4d8e2c-1b3f-4c5d-8e7f-9a0b1c2d3e08",
    "name": "SmolLM2-135M-dpo-r1-3f9a1c",
}
TRAINING_ID = "2b6c9d0e-4f1a-4d3b-a5c7-8e9f0a1b2c09"
ROWS: list[dict[str, Any]] = [
    {
        "prompt": "I have slept badly for weeks.",
        "external_id": "sleep-1",
        "category": "intervention",
        "topics": ["sleep"],
        "intensity": 1,
        "language": "en",
        "responses": ["That sounds exhausting.", {"text": "Try tea.", "model": "other-model"}],
    }
]
PROMPT: dict[str, Any] = {
    "id": "d5e8f1a2-3b4c-4d6e-9f7a-8b0c1d2e3f10",
    "external_id": "sleep-1",
    "version": 1,
    "messages": [{"role": "user", "content": "I have slept badly for weeks."}],
    "category": "intervention",
    "topics": ["sleep"],
    "intensity": 1,
    "language": "en",
    "held_out": False,
    "family": "",
    "created_at": "2026-11-23T09:00:00Z",
    "pulled_at": None,
}
REPORT: dict[str, Any] = {
    "prompts": 1,
    "already_there": 0,
    "responses": 2,
    "tasks": 1,
    "wait_for_round": 0,
    "wait_for_go": 0,
    "models": ["other-model"],
    "columns_not_used": [],
    "notes": [],
    "skipped": [],
    "format": "own",
    "mapping": {},
    "noticed": {"markdown": 1},
}
CHECKED: dict[str, Any] = REPORT | {
    "tasks": 0,
    "made_held_out": 2,
    "tied": [{"line": 1, "held_out": True, "tied_to": 2, "made_held_out": 2}],
}
IMPORTING: dict[str, Any] = {
    "id": "8c1f4b7a-5d2e-4a6b-9c3d-1e0f2a3b4c12",
    "study": "hard-days",
    "name": "prompts-by-api.jsonl",
    "state": "importing",
    "skip_bad": False,
    "rows": 25_000,
    "total": 100_000,
    "percent": 25,
    "rows_a_second": 10_000.0,
    "seconds_left": 7.5,
    "imported": None,
    "bad_rows": 0,
    "problems": [],
    "error": "",
    "created_at": "2026-11-23T09:00:00Z",
    "started_at": "2026-11-23T09:00:01Z",
    "ended_at": None,
}
NOT_IMPORTED = IMPORTING | {
    "state": "failed",
    "seconds_left": None,
    "bad_rows": 1,
    "problems": [{"line": 812, "problem": "the prompt is empty."}],
    "error": "1 row is invalid, so nothing was imported.",
    "ended_at": "2026-11-23T09:00:11Z",
}
START = {
    "model": MODEL["name"],
    "categories": ["education"],
    "languages": ["en"],
    "samples": 2,
    "temperature": 0.8,
    "max_new_tokens": 120,
}
RUN: dict[str, Any] = {
    "id": "e6f9a2b3-4c5d-4e7f-8a0b-9c1d2e3f4a11",
    "study": "hard-days",
    "model": MODEL,
    "round": None,
    "selection": {"categories": ["education"], "languages": ["en"]},
    "state": "running",
    "total": 104,
    "done": 16,
    "samples": 2,
    "temperature": 0.8,
    "top_p": 0.95,
    "template_arguments": {},
    "max_new_tokens": 120,
    "batch_size": 8,
    "seed": 1,
    "system_message": "You are a kind listener.",
    "group": "e6f9a2b3-4c5d-4e7f-8a0b-9c1d2e3f4a11",
    "tokens_read": 0,
    "tokens_written": 0,
    "most_tokens": None,
    "most_cost": None,
    "cost": None,
    "currency": "",
    "created_at": "2026-11-23T09:00:00Z",
    "started_at": "2026-11-23T09:00:03Z",
    "ended_at": None,
    "error": "",
}
BASE: dict[str, Any] = {
    **MODEL,
    "kind": "embedded",
    "study": None,
    "parent": None,
    "training_run": None,
    "state": "ready",
    "problem": "",
    "location": "",
    "revision": "",
    "served_name": "",
    "licence": "",
    "facts": {},
    "sha256": "",
    "created_at": "2026-11-23T09:00:00Z",
}
TRAINED: dict[str, Any] = {
    **CHILD,
    "kind": "adapter",
    "study": "hard-days",
    "parent": MODEL,
    "training_run": {
        "id": TRAINING_ID,
        "method": "dpo",
        "release": {"id": RELEASE_ID, "number": 1},
    },
    "state": "ready",
    "problem": "",
    "location": "",
    "revision": "",
    "served_name": "",
    "licence": "",
    "facts": {},
    "sha256": "7c0d4e5a6b8c9f2b7c0d4e5a6b8c9f2b7c0d4e5a6b8c9f2b7c0d4e5a6b8c9f2b",
    "created_at": "2026-11-23T11:00:00Z",
    "lineage": [MODEL],
}
REGISTRATION: dict[str, Any] = {
    "name": "house-7b",
    "kind": "server",
    "location": "https://models.example.org/v1",
    "served_name": "house-7b-chat",
    "key_variable": "CODESIGN_KEY_HOUSE",
    "licence": "apache-2.0",
}
REGISTERED: dict[str, Any] = {
    **BASE,
    "id": "3d7f1b9a-6c2e-4a5d-8f0b-2e4c6a8d0f17",
    "name": "house-7b",
    "kind": "server",
    "study": "hard-days",
    "state": "queued",
    "location": "https://models.example.org/v1",
    "served_name": "house-7b-chat",
    "licence": "apache-2.0",
}
BUDGET: dict[str, Any] = {
    "most_cost": "20.00",
    "currency": "EUR",
    "price_read": "0.15",
    "price_written": "0.60",
}
COSTS = {"most_cost": "20.00", "cost": "1.35", "currency": "EUR", "tokens_read": 4_000_000}
TRAIN: dict[str, Any] = {
    "release": RELEASE_ID,
    "base": MODEL["name"],
    "method": "dpo",
    "params": {"max_steps": 30, "learning_rate": 5e-5},
    "seed": 0,
}
TRAINING: dict[str, Any] = {
    "id": TRAINING_ID,
    "study": "hard-days",
    "release": {"id": RELEASE_ID, "number": 1},
    "base": MODEL,
    "method": "dpo",
    "params": {"max_steps": 30, "learning_rate": 5e-5, "batch_size": 2, "beta": 0.1},
    "seed": 0,
    "system_message": "You are a kind listener.",
    "state": "training",
    "step": 10,
    "steps": 30,
    "seconds_left": 95,
    "losses": [{"step": 10, "loss": 0.69}],
    "measurements": [{"step": 8, "loss": 0.66, "reward_accuracy": 0.75, "reward_margin": 0.07}],
    "metrics": {},
    "error": "",
    "created_at": "2026-11-23T10:00:00Z",
    "started_at": "2026-11-23T10:00:05Z",
    "ended_at": None,
    "cancel_requested_at": None,
    "model": None,
}
RESPONSE: dict[str, Any] = {
    "id": "4f8b2d6c-1a9e-4c3f-8d5b-7e6a0c1d2b14",
    "prompt": PROMPT["id"],
    "text": "That sounds exhausting. What keeps you awake?",
    "origin": "ai",
    "model": MODEL,
    "language": "en",
    "created_at": "2026-11-23T09:01:00Z",
    "withdrawn_at": None,
}
EVALUATION: dict[str, Any] = {
    "id": "7b3e9c5d-2f4a-4d6b-9e8c-5a1b0d3f2c15",
    "parent": MODEL,
    "child": CHILD,
    "round": "9c5d7b3e-4a2f-4b6d-8c9e-1b5a3f0d2c16",
    "state": "open",
    "identical": 1,
    "created_at": "2026-11-23T12:00:00Z",
}
RESULTS: dict[str, Any] = {
    "cohorts": [
        {
            "cohort": "Lived experience",
            "wins": 21,
            "ties": 6,
            "losses": 9,
            "prompts": 12,
            "rate": 0.667,
            "low": 0.52,
            "high": 0.79,
            "examples": 0,
        }
    ],
    "prompts": 13,
    "compared": 12,
    "left_out": 0,
}

PROMPTS = [answered(PROMPT)]
IMPORT = [
    sent({"prompts": ROWS}),
    answered(CHECKED, 200),
    answered(REPORT, 201),
    answered(IMPORTING | {"state": "confirmed", "rows": 0, "percent": 0, "started_at": None}, 202),
]
ONE_IMPORT = [
    answered(IMPORTING),
    OpenApiExample("Bad rows", NOT_IMPORTED, response_only=True, status_codes=["200"]),
]
RUNS = [answered(RUN)]
START_RUN = [sent(START), answered(RUN | {"state": "queued", "done": 0}, 201)]
ONE_RUN = [answered(RUN)]
LEFT_OUT_RUN = [
    answered(RUN | {"state": "failed", "group": "f7a0b3c4-5d6e-4f8a-9b1c-0d2e3f4a5b12"})
]
RESUME_RUN = [sent(BUDGET), answered(RUN | {"state": "queued"} | COSTS)]
REGISTER = [sent(REGISTRATION), answered(REGISTERED, 201)]
MODELS = [answered(BASE)]
ONE_MODEL = [answered(TRAINED)]
TRAININGS = [answered(TRAINING)]
START_TRAINING = [sent(TRAIN), answered(TRAINING | {"state": "queued", "step": 0}, 201)]
ONE_TRAINING = [answered(TRAINING)]
RESPONSES = [answered(RESPONSE)]
EVALUATIONS = [answered(EVALUATION)]
ONE_EVALUATION = [answered(EVALUATION | {"results": RESULTS})]
