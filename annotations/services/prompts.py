"""Prompts and responses come in, are tied into groups for splits, and are pulled."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, Value
from django.utils import timezone

from annotations.models import Prompt, Response, RoundCohort, Task
from annotations.permissions import ADD_PROMPTS, PULL
from annotations.queries import assignments as queries
from annotations.rules import prompts as rules
from annotations.rules.prompts import PromptRow, RowProblem
from annotations.rules.states import Origin
from annotations.rules.texts import text_hash
from annotations.services import assignments, seats
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.models import Study
from codesign.studies.permissions import require

BATCH = 500
PROMPTS_ADDED = action("annotations.prompts_added", "added prompts")
PROMPT_PULLED = action("annotations.prompt_pulled", "pulled a prompt out of the study")
RESPONSE_PULLED = action("annotations.response_pulled", "pulled a response out of the study")


class RowsRefused(Invalid):
    """Rows that cannot come in; `problems` says where and why."""

    code = "rows_refused"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(
            f"{len(problems)} rows cannot come in, so none did.",
            {"rows": [str(problem) for problem in problems]},
        )
        self.problems = list(problems)


@dataclass
class AddedPrompts:
    """What became of the rows: line → prompt for each that is in the study now."""

    by_line: dict[int, Prompt] = field(default_factory=dict)
    made: int = 0
    already_there: int = 0
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewResponse:
    """One response to be written; `source` is opaque here."""

    prompt: Prompt
    text: str
    origin: Origin
    source: uuid.UUID
    language: str = "en"


@transaction.atomic
def add_prompts(
    *, actor: Actor, study: Study, rows: Iterable[PromptRow], skip_bad: bool = False
) -> AddedPrompts:
    """Add prompts to a study and tie them to those that must stay on their side of a split.

    A row without an external id gets one from its text. The very same row again changes nothing;
    the same external id with anything else is a problem. RowsRefused where there is a problem and
    `skip_bad` is not set; then nothing was added.
    """
    require(actor, ADD_PROMPTS, study)
    lock_groups(study=study)
    added = AddedPrompts()
    batch: list[PromptRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            _add_batch(study, batch, added)
            batch = []
    _add_batch(study, batch, added)
    if added.problems and not skip_bad:
        raise RowsRefused(added.problems)
    if added.made:
        audit.record(
            actor=actor,
            action=PROMPTS_ADDED,
            study_id=study.id,
            about=("study", study.id, study.title),
            data={"made": added.made, "already_there": added.already_there},
        )
    return added


def lock_groups(*, study: Study) -> None:
    """Take turns: whoever ties prompts of a study sees every tie made before."""
    Study.objects.select_for_update(no_key=True).get(id=study.id)


def _add_batch(study: Study, rows: Sequence[PromptRow], added: AddedPrompts) -> None:
    fine: list[tuple[PromptRow, Prompt]] = []
    for row in rows:
        if problem := rules.row_problem(row):
            added.problems.append(RowProblem(row.line, problem))
        else:
            fine.append((row, _prompt_of(study, row)))
    known = {
        prompt.external_id: prompt
        for prompt in Prompt.objects.filter(
            study=study, external_id__in=[prompt.external_id for _, prompt in fine]
        )
    }
    new: list[Prompt] = []
    for row, prompt in fine:
        there = known.get(prompt.external_id)
        if there is None:
            known[prompt.external_id] = prompt
            new.append(prompt)
        elif different := _difference(there, prompt):
            sentence = f"{prompt.external_id!r} is already there with another {different}."
            added.problems.append(RowProblem(row.line, sentence))
            continue
        else:
            added.already_there += 1
        added.by_line[row.line] = known[prompt.external_id]
    added.made += len(new)
    _tie(study, new)


def _prompt_of(study: Study, row: PromptRow) -> Prompt:
    digest = rules.content_hash(row.messages)
    return Prompt(
        study=study,
        external_id=row.external_id.strip() or f"text-{digest[:16]}",
        messages=[{"role": m["role"], "content": m["content"]} for m in row.messages],
        content_hash=digest,
        category=row.category,
        topics=[" ".join(topic.split()) for topic in row.topics],
        intensity=row.intensity,
        language=row.language,
        held_out=row.held_out,
        family=row.family.strip(),
        split_group=rules.first_group(study.id, digest),
        bands=rules.lookup_keys(row.messages),
    )


def _difference(there: Prompt, prompt: Prompt) -> str | None:
    """The first thing that is not the same, in words; None where all is."""
    names = {
        "content_hash": "text",
        "category": "category",
        "topics": "list of topics",
        "intensity": "intensity",
        "language": "language",
        "held_out": "“held out”",
        "family": "family",
    }
    for name, words in names.items():
        if getattr(there, name) != getattr(prompt, name):
            return words
    return None


def _tie(study: Study, new: Sequence[Prompt]) -> None:
    """Write new prompts and merge the groups of all that are tied by text or family."""
    if not new:
        return
    keys = sorted({key for prompt in new for key in prompt.bands})
    families = {prompt.family for prompt in new if prompt.family}
    # Said to be whole bands: Django takes bare numbers for 32 bits wide (decision 8).
    bands = Value(keys, output_field=Prompt._meta.get_field("bands"))
    older = Prompt.objects.filter(Q(bands__overlap=bands) | Q(family__in=families), study=study)
    seen = list(older.only("id", "messages", "bands", "family", "split_group"))
    by_key: dict[int | str, list[Prompt]] = defaultdict(list)
    for prompt in seen:
        _file(by_key, prompt)
    pairs: list[tuple[uuid.UUID, uuid.UUID]] = []
    for prompt in new:
        candidates = {p.id: p for key in prompt.bands for p in by_key[key]}
        tied = [p for p in candidates.values() if rules.tied(p.messages, prompt.messages)]
        tied += by_key[prompt.family] if prompt.family else []
        pairs += [(prompt.split_group, p.split_group) for p in tied]
        _file(by_key, prompt)
    moved = rules.merged_groups(pairs)
    for prompt in new:
        prompt.split_group = moved.get(prompt.split_group, prompt.split_group)
    Prompt.objects.bulk_create(new)
    _move(study, moved)


def _file(by_key: dict[int | str, list[Prompt]], prompt: Prompt) -> None:
    for key in prompt.bands:
        by_key[key].append(prompt)
    if prompt.family:
        by_key[prompt.family].append(prompt)


def _move(study: Study, moved: dict[uuid.UUID, uuid.UUID]) -> None:
    by_target: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for old, target in moved.items():
        by_target[target].append(old)
    for target, old_groups in by_target.items():
        Prompt.objects.filter(study=study, split_group__in=old_groups).update(split_group=target)


@transaction.atomic
def add_responses(*, actor: Actor, study: Study, new: Sequence[NewResponse]) -> list[Response]:
    """Write responses, in order; prompts that got the very same text are tied from then on."""
    require(actor, ADD_PROMPTS, study)
    lock_groups(study=study)
    for one in new:
        if one.prompt.study_id != study.id:
            raise Invalid("This prompt is part of another study.")
        if problem := rules.text_problem(one.text, "the response"):
            raise Invalid(problem)
    made = Response.objects.bulk_create(
        Response(
            prompt=one.prompt,
            text=one.text,
            text_hash=text_hash(one.text),
            origin=one.origin,
            language=one.language,
            source=one.source,
        )
        for one in new
    )
    _tie_by_text(study, {response.text_hash for response in made})
    return made


def _tie_by_text(study: Study, hashes: set[str]) -> None:
    groups: dict[str, set[uuid.UUID]] = defaultdict(set)
    same = Response.objects.filter(prompt__study=study, text_hash__in=hashes)
    for digest, group in same.values_list("text_hash", "prompt__split_group"):
        groups[digest].add(group)
    pairs = [(min(found), group) for found in groups.values() for group in found]
    _move(study, rules.merged_groups(pairs))


@transaction.atomic
def pull_prompt(*, actor: Actor, prompt: Prompt) -> Prompt:
    """Take a prompt out of use: nobody is given it any more, no run answers it.

    Who holds it gets something else; their draft stays, and what was sent before stays sent.
    """
    require(actor, PULL, prompt.study)
    _lock_who_may_hold(prompt)
    prompt = Prompt.objects.select_for_update(no_key=True).get(id=prompt.id)
    if prompt.withdrawn_at:
        raise Conflict("This prompt has been pulled already.")
    prompt.withdrawn_at = timezone.now()
    prompt.save(update_fields=["withdrawn_at"])
    seats.offer_none_of(tasks=prompt.tasks.all())
    held = queries.leased().filter(prompt=prompt)
    assignments.return_leases(actor=actor, leases=held, why="prompt pulled")
    audit.record(
        actor=actor,
        action=PROMPT_PULLED,
        study_id=prompt.study_id,
        about=("prompt", prompt.id, prompt.external_id),
    )
    return prompt


@transaction.atomic
def pull_response(*, actor: Actor, response: Response) -> Response:
    """Take a response out of use: nobody judges it any more, and no release holds it.

    Tasks have a fixed set of responses, so every task that shows this one ends with it.
    """
    prompt = response.prompt
    require(actor, PULL, prompt.study)
    _lock_who_may_hold(prompt)
    response = Response.objects.select_for_update(no_key=True, of=("self",)).get(id=response.id)
    if response.withdrawn_at:
        raise Conflict("This response has been pulled already.")
    response.withdrawn_at = timezone.now()
    response.save(update_fields=["withdrawn_at"])
    tasks = Task.objects.filter(task_responses__response=response)
    held = queries.leased().filter(task__in=tasks)
    assignments.return_leases(actor=actor, leases=held, why="response pulled")
    seats.offer_none_of(tasks=tasks)
    audit.record(
        actor=actor,
        action=RESPONSE_PULLED,
        study_id=prompt.study_id,
        about=("response", response.id, prompt.external_id),
    )
    return response


def _lock_who_may_hold(prompt: Prompt) -> None:
    """Members by id, then tasks by id: the order in which `seats` says that locks are taken."""
    tasks = Task.objects.filter(prompt=prompt)
    cohorts = RoundCohort.objects.filter(round__in=tasks.values("round")).values("cohort")
    seats.lock_members(cohorts=cohorts)
    seats.lock_tasks(tasks=tasks)
