"""Three public data sets, made up again, keep their facts from the file to four trainers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotations.models import DatasetRelease, Prompt, Response, Round
from annotations.rules.imported import ImportedKind, ImportedStatement
from annotations.rules.states import Ask
from annotations.services.imported import record_imported_judgements
from annotations.services.rounds import add_tasks, open_round
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.engine.libraries import quiet
from modelhub.rules.imports import MEDIUM
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory
from tests.support import public_shapes
from tests.support.public_shapes import Talk
from tests.support.release_study import rows
from tests.support.small_model import small_model

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

JUDGED = 24
"""Prompts that people judge: enough for each trainer and split."""


@dataclass(frozen=True)
class Case:
    """A data set: how it is made and written, and the facts that must survive."""

    talks: Callable[[], list[Talk]]
    write: Callable[[list[Talk], Path], Path]
    file: str
    prompts: int
    replies: int


CASES = {
    "forum": Case(public_shapes.forum, public_shapes.as_csv, "forum.csv", 815, 2_129),
    "trees": Case(public_shapes.ranked_trees, public_shapes.as_jsonl, "trees.jsonl", 150, 450),
    "dialogues": Case(
        public_shapes.dialogues, public_shapes.as_parquet, "dialogues.parquet", 196, 392
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_public_data_set_goes_through_to_four_trainers(
    name: str, tmp_path: Path, embedded_model: Path
) -> None:
    case = CASES[name]
    talks = case.talks()
    panel = [_panelist(), _clinician()]
    cohorts = [member.cohort for member in panel]
    made = judging_round(*cohorts, tasks=0, asks=(Ask.RATING, Ask.RANKING), opened=False)
    study = made.study
    file = case.write(talks, tmp_path / case.file)
    call_command("import_prompts", study.slug, str(file), stdout=StringIO())
    _check_facts(study, case, talks)
    _record_ranks(study, talks)
    _judge(made, panel, talks)
    call_command(
        "release_dataset",
        study.slug,
        "--purpose=training",
        "--least-median=0.75",
        f"--out={tmp_path / 'release'}",
        stdout=StringIO(),
    )
    release = DatasetRelease.objects.get()
    _check_release(release, talks)
    base = small_model(tmp_path / "base", embedded_model)
    for method in ("sft", "dpo", "kto", "reward"):
        assert math.isfinite(_train(method, tmp_path / "release", base, tmp_path / method)), method


def _panelist() -> Member:
    return judge(cohort=CohortFactory.create(key="lived"))


def _clinician() -> Member:
    study = Study.objects.get()
    return judge(cohort=CohortFactory.create(study=study, key="clinical", role=Role.CLINICIAN))


def _check_facts(study: Study, case: Case, talks: list[Talk]) -> None:
    """Every prompt and reply is there once, in the words of the file."""
    prompts = {one.external_id: one for one in Prompt.objects.filter(study=study)}
    assert len(prompts) == case.prompts
    assert {talk.name: talk.turns for talk in talks} == {
        name: prompt.messages for name, prompt in prompts.items()
    }
    replies = Response.objects.filter(prompt__study=study)
    found = Counter(replies.values_list("prompt__external_id", "text"))
    assert found == Counter((talk.name, reply) for talk in talks for reply in talk.replies)
    assert found.total() == case.replies


def _record_ranks(study: Study, talks: list[Talk]) -> None:
    ids = {
        (name, text): response_id
        for response_id, name, text in Response.objects.filter(prompt__study=study).values_list(
            "id", "prompt__external_id", "text"
        )
    }
    record_imported_judgements(
        actor=SYSTEM,
        study=study,
        source="Made-up trees, version 1",
        statements=[
            ImportedStatement(ids[talk.name, reply], ImportedKind.RANK, rank + 1.0)
            for talk in talks
            for reply, rank in zip(talk.replies, talk.ranks, strict=False)
        ],
    )


def _judge(made: Round, panel: list[Member], talks: list[Talk]) -> None:
    """Both people prefer the reply that is first in alphabetical order, and dislike the others."""
    names = [talk.name for talk in talks if len(talk.replies) > 1]
    light = Prompt.objects.filter(external_id__in=names, intensity=MEDIUM)  # of the rest, no two
    prompts = light.prefetch_related("responses")[:JUDGED]  # come in a row
    items = [(prompt, list(prompt.responses.all())) for prompt in prompts]
    add_tasks(actor=SYSTEM, round=made, items=items)
    open_round(actor=SYSTEM, round=made)
    for member in panel:
        for number in range(JUDGED):
            assignment = lease(member)
            shown = assignment.responses
            best, *rest = sorted(map(str, assignment.order_shown), key=lambda id: _text(shown, id))
            scores = [(best, 5), *((one, 1) for one in rest)]
            keys = assignment.rubric.criteria.values_list("key", flat=True)
            send(
                assignment,
                f"{member.id}-{number}",
                ratings=[
                    {"response": one, "criterion": key, "score": score}
                    for one, score in scores
                    for key in keys
                ],
                ranking=[[best], rest],
            )


def _text(shown: Any, response_id: str) -> str:
    texts = {str(id): response.text for id, response in shown.items()}
    return str(texts[response_id])


def _check_release(release: DatasetRelease, talks: list[Talk]) -> None:
    by_name = {talk.name: talk for talk in talks}
    names = {str(id): name for id, name in Prompt.objects.values_list("id", "external_id")}
    texts = rows(release, "texts")
    for row in texts:
        talk = by_name[names[row["prompt_id"]]]
        if row["kind"] == "prompt":
            assert row["messages"] == talk.turns
        else:
            assert row["messages"][0]["content"] in talk.replies
    judged = {row["prompt_id"] for row in rows(release, "judgements")}
    assert len(judged) == JUDGED
    best = rows(release, "sft")
    assert len(best) == JUDGED, release.manifest["dropped"]
    for record in best:
        talk = by_name[names[record["meta"]["prompt_id"]]]
        assert record["completion"][0]["content"] == min(talk.replies)
        assert record["prompt"] == talk.turns
    ranked = rows(release, "imported")
    assert len(ranked) == sum(len(talk.ranks) for talk in talks)
    for row in ranked:
        assert row["source"] == "Made-up trees, version 1"
        assert 1 <= row["value"] <= len(by_name[names[row["prompt_id"]]].ranks)


TRAINERS = {
    "sft": ("sft", "SFT"),
    "dpo": ("preference", "DPO"),
    "kto": ("unpaired_preference", "KTO"),
    "reward": ("preference", "Reward"),
}


def _train(method: str, release: Path, base: Path, out: Path) -> float:
    """Return the loss of one step of TRL's trainer on a config as it is."""
    config, name = TRAINERS[method]
    with quiet():
        import trl
        from datasets import load_dataset
        from transformers import (
            AutoModelForCausalLM,
            AutoModelForSequenceClassification,
            AutoTokenizer,
        )

        data = load_dataset(str(release), config, split="train", cache_dir=str(out / "cache"))
        tokenizer = AutoTokenizer.from_pretrained(str(base))
        if method == "reward":
            model = AutoModelForSequenceClassification.from_pretrained(str(base), num_labels=1)
            model.config.pad_token_id = tokenizer.pad_token_id
        else:
            model = AutoModelForCausalLM.from_pretrained(str(base))
        trainer = getattr(trl, f"{name}Trainer")(
            model=model,
            processing_class=tokenizer,
            train_dataset=data,
            args=getattr(trl, f"{name}Config")(
                output_dir=str(out),
                max_steps=1,
                per_device_train_batch_size=2,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                report_to="none",
                disable_tqdm=True,
                save_strategy="no",
            ),
        )
        return float(trainer.train().training_loss)
