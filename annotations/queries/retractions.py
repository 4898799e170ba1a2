"""Queries for the retraction list, which does not say whose work is retracted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from uuid import UUID

from django.db.models import QuerySet

from annotations.datasets.plumbing.released_records import find_released_records
from annotations.datasets.plumbing.retraction_signing import RetractionSigner
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.retractions import RetractedJudgement, records_based_on
from annotations.models import Judgement, Response, Retraction, Rewrite
from annotations.queries.releases import folder_of
from annotations.rules.releases import FROM_PEOPLE
from annotations.rules.states import RoundKind
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study


@dataclass(frozen=True, slots=True)
class RetractionEntry:
    """An entry of a study's retraction list, as recipients read and verify it."""

    id: UUID
    release_id: UUID
    release_number: int
    manifest_sha256: str
    retracted_on: date
    """In UTC. A date and not a time, which could reveal whose work it was."""
    code: str
    records: Mapping[str, Sequence[str]]
    """config → ids of the records to delete, as in the release."""
    signer: RetractionSigner
    """Signs the entry for the study."""


def retractions_of(*, study: Study, asked: Asked) -> QuerySet[Retraction]:
    """Return retractions, oldest first, optionally filtered by release, code or time."""
    wanted = matching(asked, release="release__number", code="code", since="created_at__gte")
    retractions = Retraction.objects.filter(wanted, release__study=study)
    return retractions.select_related("release").order_by("created_at", "id")


def entries_of(*, study: Study, retractions: Sequence[Retraction]) -> list[RetractionEntry]:
    """Return the entries for these retractions of a study, in order; four queries.

    Their records are based on what the person had sent when the release was frozen, in any
    revision, and are in its files; a rewrite that was not accepted, for example, is not.
    """
    signer = signer_of(study)
    return [
        RetractionEntry(
            id=retraction.id,
            release_id=retraction.release_id,
            release_number=retraction.release.number,
            manifest_sha256=retraction.release.manifest_sha256,
            retracted_on=retraction.created_at.astimezone(UTC).date(),
            code=retraction.code,
            records=records,
            signer=signer,
        )
        for retraction, records in _released_records(_based_on(study, retractions)).items()
    ]


def _based_on(
    study: Study, retractions: Sequence[Retraction]
) -> dict[Retraction, dict[str, list[str]]]:
    """config → ids of the records that are based on what each retraction's person had sent."""
    judgements = list(
        Judgement.objects.filter(
            member_id__in={retraction.member_id for retraction in retractions},
            assignment__study=study,
            assignment__task__round__kind__in=(RoundKind.JUDGING, RoundKind.EVALUATION),
        )
        .select_related("assignment")
        .only("id", "member_id", "ranking", "submitted_at", "assignment__order_shown")
    )
    responses = Response.objects.only("prompt_id", "text").in_bulk(
        {response for judgement in judgements for response in judgement.assignment.order_shown}
    )
    rewritten: dict[str, list[str]] = defaultdict(list)
    rewrites = Rewrite.objects.filter(judgement_id__in={judgement.id for judgement in judgements})
    for judgement_id, response_id in rewrites.values_list("judgement_id", "response_id"):
        rewritten[str(judgement_id)].append(str(response_id))
    named: dict[Retraction, dict[str, list[str]]] = {}
    for retraction in retractions:
        release = retraction.release
        retracted = [
            RetractedJudgement(
                str(one.id),
                one.ranking or [],
                rewritten[str(one.id)],
                [
                    (str(responses[shown].prompt_id), responses[shown].text)
                    for shown in one.assignment.order_shown
                ],
                [str(shown) for shown in one.assignment.order_shown],
            )
            for one in judgements
            if one.member_id == retraction.member_id
            and release.frozen_at
            and one.submitted_at <= release.frozen_at
        ]
        pseudonyms = Pseudonyms(bytes(study.secret), release.selection_hash)
        named[retraction] = records_based_on(retracted, pseudonyms)
    return named


def signer_of(study: Study) -> RetractionSigner:
    """Return the signer of a study's retractions."""
    return RetractionSigner(bytes(study.secret))


def _released_records(
    named: Mapping[Retraction, Mapping[str, Sequence[str]]],
) -> dict[Retraction, dict[str, list[str]]]:
    """Return those of the named records that are in the files of their release, in order."""
    kept: dict[Retraction, dict[str, list[str]]] = {retraction: {} for retraction in named}
    for release in {retraction.release for retraction in named}:
        of_release = {row: records for row, records in named.items() if row.release == release}
        wanted = {
            config: {name for records in of_release.values() for name in records[config]}
            for config in FROM_PEOPLE
        }
        released = find_released_records(folder_of(release), wanted)
        for row, records in of_release.items():
            kept[row] = {
                config: [name for name in names if name in released[config]]
                for config, names in records.items()
            }
    return kept
