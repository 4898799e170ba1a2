"""Read the snapshot for a dataset release, prompt by prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.plumbing.snapshot_json import JudgedPromptJson
from annotations.datasets.policy.snapshot import NO_THRESHOLDS, UNKNOWN_MODEL, Thresholds
from annotations.models import Criterion, Prompt, Rubric
from annotations.queries.rubrics import WITH_WORDS, criteria_of, labels_of, reasons_of
from annotations.registry import ModelName, model_names
from annotations.rules.releases import purposes_needed
from codesign.consent import queries as consent
from codesign.consent.models import ConsentVersion
from codesign.consent.rules import Purpose
from codesign.studies.models import Study

PROMPTS_AT_ONCE = 100
JUDGED_PROMPTS = """
WITH latest AS NOT MATERIALIZED (
  SELECT j.*,
    CASE WHEN EXISTS (SELECT 1 FROM annotations_owntext own WHERE own.about = j.id
        AND own.kind = 'highlights' AND own.state <> 'free')
      THEN (SELECT jsonb_agg(mark || '{"label": "", "comment": ""}' ORDER BY place)
        FROM jsonb_array_elements(j.highlights) WITH ORDINALITY AS marks(mark, place))
      ELSE j.highlights END AS marks,
    a.prompt_id, a.task_id, a.seat_id, a.rubric_id, a.order_shown, a.propensity, a.pay_check,
    a.item_kind, a.asks
  FROM annotations_judgement j JOIN annotations_assignment a ON a.id = j.assignment_id
  WHERE a.study_id = %(study)s
    AND NOT EXISTS (SELECT 1 FROM annotations_judgement newer
    WHERE newer.assignment_id = j.assignment_id AND newer.revision > j.revision
    AND newer.revision > 1)
), sent AS NOT MATERIALIZED (
  SELECT * FROM latest WHERE item_kind = 'ordinary'
), judged AS (
  SELECT j.prompt_id, string_agg(json_build_array(
    j.id, j.member_id, j.consent_record_id, left_.id IS NOT NULL, version.number,
    cohort.key, cohort.role, r.id, r.kind, j.prompt_id, rubric.key || '@' || rubric.version,
    j.order_shown, j.propensity, j.ratings, j.ranking, j.strength, j.all_harmful,
    j.marks, j.active_ms, j.example, j.pay_check, j.why,
    (j.submitted_at AT TIME ZONE 'UTC')::date, 'ranking' = ANY(j.asks), j.turn_ratings)::text,
    E'\\n' ORDER BY j.id) AS facts
  FROM sent j
  JOIN annotations_seat seat ON seat.id = j.seat_id
  JOIN studies_cohort cohort ON cohort.id = seat.cohort_id
  JOIN annotations_task task ON task.id = j.task_id
  JOIN annotations_round r ON r.id = task.round_id
  JOIN annotations_rubric rubric ON rubric.id = j.rubric_id
  JOIN consent_consentrecord record ON record.id = j.consent_record_id
  JOIN consent_consentversion version ON version.id = record.version_id
  LEFT JOIN consent_withdrawal left_ ON left_.record_id = record.id
  GROUP BY j.prompt_id
), answered AS (
  SELECT r.prompt_id, string_agg(json_build_array(
    r.id, r.prompt_id, r.text, r.origin, r.withdrawn_at IS NOT NULL,
    r.text_check NOT IN ('clear', 'cleared'), r.source)::text,
    E'\\n' ORDER BY r.id) AS facts
  FROM annotations_response r JOIN annotations_prompt p ON p.id = r.prompt_id
  WHERE p.study_id = %(study)s
  GROUP BY r.prompt_id
), rewritten AS (
  SELECT j.prompt_id, string_agg(json_build_array(w.judgement_id, w.response_id, w.text, w.state)
    ::text, E'\\n' ORDER BY w.id) AS facts
  FROM annotations_rewrite w JOIN sent j ON j.id = w.judgement_id
  WHERE NOT EXISTS (SELECT 1 FROM annotations_owntext own
    WHERE own.about = w.id AND own.kind = 'rewrite' AND own.state <> 'free')
  GROUP BY j.prompt_id
), flagged AS (
  SELECT j.prompt_id, string_agg(json_build_array(
    f.judgement_id, f.response_id, f.harm, f.severity, f.state)::text,
    E'\\n' ORDER BY f.id) AS facts
  FROM annotations_flag f JOIN latest j ON j.id = f.judgement_id
  GROUP BY j.prompt_id
), warned AS (
  SELECT j.prompt_id, string_agg(json_build_array(j.member_id, cohort.role, j.order_shown)::text,
    E'\\n' ORDER BY j.id) AS facts
  FROM latest j
  JOIN annotations_seat seat ON seat.id = j.seat_id
  JOIN studies_cohort cohort ON cohort.id = seat.cohort_id
  WHERE j.all_harmful AND j.item_kind <> 'ordinary'
  GROUP BY j.prompt_id
), imported AS (
  SELECT r.prompt_id, string_agg(json_build_array(i.response_id, i.source, i.rater, i.kind,
    i.criterion, i.value, i.start, i."end", i.label)::text, E'\\n' ORDER BY i.id) AS facts
  FROM annotations_importedjudgement i JOIN annotations_response r ON r.id = i.response_id
  WHERE i.study_id = %(study)s
  GROUP BY r.prompt_id
)
SELECT json_build_array(p.id, p.messages, p.category, p.topics, p.intensity, p.language,
    p.held_out, p.split_group, p.withdrawn_at IS NOT NULL,
    p.text_check NOT IN ('clear', 'cleared'))::text,
  answered.facts, judged.facts, rewritten.facts, flagged.facts, warned.facts, imported.facts
FROM judged
FULL JOIN imported ON imported.prompt_id = judged.prompt_id
JOIN annotations_prompt p ON p.id = coalesce(judged.prompt_id, imported.prompt_id)
JOIN answered ON answered.prompt_id = p.id
LEFT JOIN rewritten ON rewritten.prompt_id = p.id
LEFT JOIN flagged ON flagged.prompt_id = p.id
LEFT JOIN warned ON warned.prompt_id = p.id
ORDER BY p.id
"""
"""Lines of JSON for each judged prompt, all from one database snapshot; see `JudgedPromptJson`.

Of a judgement that was corrected, only the latest revision is read.
Training items and hidden checks are no votes, so only the harm reported in them is read: flags and
“all could do harm”.
A text that only its author sees is left out as if it did not exist, so that no count reveals it.
Everything else that was sent with it is included.
"""


def selection(
    *,
    study: Study,
    purpose: str,
    going_on: Callable[[], None],
    thresholds: Thresholds = NO_THRESHOLDS,
) -> Selection:
    """Select what is in the study now. The freeze checks for withdrawals again.

    One statement streams the judgements, so memory does not grow with them. `going_on` is called
    from time to time within the reading transaction; an exception that it raises stops the reading.
    """
    return Selection(
        study={"id": str(study.id), "slug": study.slug, "title": study.title},
        purpose=purpose,
        prompts=_judged_prompts(study, going_on),
        models=_Models(),
        consent_versions=_versions(study),
        granting=granting(study=study, purpose=purpose),
        held_out_groups=frozenset(
            str(group)
            for group in Prompt.objects.filter(study=study, held_out=True).values_list(
                "split_group", flat=True
            )
        ),
        scales=_scales(study),
        rubrics=_rubrics(study),
        thresholds=thresholds,
        linkable=linkable(study=study),
    )


def linkable(*, study: Study) -> frozenset[str]:
    """Return the ids of members who allow one name for them in all releases of the study."""
    members = consent.members_granting(
        study_id=study.id, purposes=(Purpose.TAKE_PART, Purpose.LINKING)
    )
    return frozenset(map(str, members))


def granting(*, study: Study, purpose: str) -> dict[str, str]:
    """Return member id → id of the consent record in force, for members who allow the purpose."""
    members = consent.members_granting(study_id=study.id, purposes=purposes_needed(purpose))
    return {str(member): str(record) for member, record in members.items()}


def _judged_prompts(study: Study, going_on: Callable[[], None]) -> Iterator[JudgedPromptJson]:
    """Yield the judged prompts from a server-side cursor, which the transaction keeps open.

    A thread fetches the next prompts while the caller processes these. The connection serialises
    access by the two threads.
    """
    with transaction.atomic(), connection.cursor() as plan, connection.chunked_cursor() as cursor:
        plan.execute("SET LOCAL cursor_tuple_fraction = 1")  # all rows will be read
        cursor.execute(JUDGED_PROMPTS, {"study": study.id})
        with ThreadPoolExecutor(max_workers=1) as ahead:
            coming = ahead.submit(cursor.fetchmany, PROMPTS_AT_ONCE)
            while rows := coming.result():
                going_on()
                coming = ahead.submit(cursor.fetchmany, PROMPTS_AT_ONCE)
                yield from map(JudgedPromptJson._make, rows)


class _Models(dict[str, ModelName]):
    """source → model, looked up when the source occurs first."""

    def __missing__(self, source: str) -> ModelName:
        key = UUID(source)
        self[source] = name = model_names([key]).get(key, UNKNOWN_MODEL)
        return name


def _rubric(rubric: Rubric) -> str:
    return f"{rubric.key}@{rubric.version}"


def _scales(study: Study) -> dict[str, dict[str, tuple[int, int]]]:
    """Return rubric → criterion → (lowest, highest score), for scales where more is better."""
    scales: dict[str, dict[str, tuple[int, int]]] = {}
    criteria = Criterion.objects.filter(rubric__study=study, scale_kind="likert")
    for criterion in criteria.select_related("rubric").order_by("rubric", "position"):
        scale = (criterion.scale_min, criterion.scale_max)
        scales.setdefault(_rubric(criterion.rubric), {})[criterion.key] = scale
    return scales


def _rubrics(study: Study) -> dict[str, dict[str, Any]]:
    """Return rubric → what each criterion is, the keys of reasons, the labels, and the template.

    The words of options and labels are those in which the rubric was written.
    """
    rubrics = Rubric.objects.filter(study=study).order_by("key", "version")
    return {
        _rubric(rubric): {
            "template": rubric.template,
            "criteria": {
                one["key"]: {
                    name: one["scale"][name] for name in ("kind", "min", "max", "unsure", "points")
                }
                | {"only_if": one["only_if"], "turns": one["turns"]}
                | ({"options": _options(one)} if one["scale"]["kind"] == "category" else {})
                for one in criteria_of(rubric)
            },
            "reasons": [reason["key"] for reason in reasons_of(rubric)],
            "labels": {label["key"]: label["title"] for label in labels_of(rubric)},
        }
        for rubric in rubrics.prefetch_related(*WITH_WORDS)
    }


def _options(criterion: dict[str, Any]) -> dict[str, str]:
    """Return score → name of each option of a category."""
    return {score: words for score, words in criterion["scale"]["anchors"].items() if score != "99"}


def _versions(study: Study) -> list[dict[str, Any]]:
    rows = ConsentVersion.objects.filter(study=study).order_by("number", "language")
    return [
        {"number": row.number, "language": row.language, "sha256": row.content_hash} for row in rows
    ]
