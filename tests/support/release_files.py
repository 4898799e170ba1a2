"""Files of releases, as tests read them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import FlagSnapshot, RewriteSnapshot
from tests.support.snapshots import judgement, prompt, response, selection


def twelve_prompts(**changes: Any) -> Selection:
    """Two people on twelve prompts; a rewrite, a flag, a tie, a highlight."""
    prompts = [prompt(f"p{n:02}") for n in range(12)]
    responses = [response(f"{p.id}{side}", p.id) for p in prompts for side in "ab"]
    judged = []
    for n, p in enumerate(prompts):
        a, b = f"{p.id}a", f"{p.id}b"
        for person in ("lived-1", "clinical-1"):
            judged.append(
                judgement(
                    person,
                    [[a, b]] if n == 3 else [[a], [b]],
                    id=f"{person} on {p.id}",
                    prompt_id=p.id,
                    order_shown=[b, a],
                    ratings=[{"response": a, "criterion": "heard", "score": 4}],
                    highlights=[
                        {"response": b, "start": 0, "end": 4, "label": "warm", "comment": "SECRET"}
                    ]
                    if n == 5
                    else [],
                )
            )
    return selection(
        judged,
        prompts=prompts,
        responses=responses,
        rewrites=[RewriteSnapshot("lived-1 on p01", "p01a", "Better, and kinder ☂", "accepted")],
        flags=[FlagSnapshot("clinical-1 on p02", "p02b", "sycophancy", 2, "upheld")],
        **changes,
    )


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path, config: str) -> list[dict[str, Any]]:
    files = sorted((folder / "data").glob(f"*/{config}/*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
