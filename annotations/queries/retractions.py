"""Reading what has to be dropped from earlier releases, without a word about whose it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from annotations.datasets.plumbing.released_records import find_released_records
from annotations.datasets.plumbing.retraction_signing import RetractionSigner
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.retractions import RetractedJudgement, records_based_on
from annotations.models import Judgement, Response, Retraction, Rewrite
from annotations.queries.releases import folder_of
from annotations.rules.releases import CONFIGS
from annotations.rules.states import RoundKind
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study


def retractions_of(*, study: Study, asked: Asked) -> QuerySet[Retraction]:
    """Oldest first; of one release, for one reason or since a moment, as far as these are given."""
    wanted = matching(asked, release="release__number", code="code", since="created_at__gte")
    found = Retraction.objects.filter(wanted, release__study=study)
    dated = found.select_related("release").annotate(retracted_on=TruncDate("created_at"))
    return dated.order_by("created_at", "id")


def fill_records(*, study: Study, retractions: Sequence[Retraction]) -> None:
    """Give each retraction its `records`, and `sign`, by which the study signs them.

    From what its person had sent when the release was frozen, and only what is in its files: not
    a rewrite that nobody had accepted.

    Four queries, however many there are.
    """
    judgements = list(
        Judgement.objects.filter(
            member_id__in={retraction.member_id for retraction in retractions},
            assignment__study=study,
            assignment__task__round__kind=RoundKind.JUDGING,
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
            )
            for one in judgements
            if one.member_id == retraction.member_id
            and release.frozen_at
            and one.submitted_at <= release.frozen_at
        ]
        pseudonyms = Pseudonyms(bytes(study.secret), release.selection_hash)
        named[retraction] = records_based_on(retracted, pseudonyms)
    _keep_released_records(named)
    signer = signer_of(study)
    for retraction in retractions:
        retraction.sign = signer.sign  # type: ignore[attr-defined]


def signer_of(study: Study) -> RetractionSigner:
    """The signer of a study's retractions."""
    return RetractionSigner(bytes(study.secret))


def _keep_released_records(named: Mapping[Retraction, Mapping[str, Sequence[str]]]) -> None:
    """Give each retraction its `records`: those of the named that are in its release's files."""
    for release in {retraction.release for retraction in named}:
        of_release = {row: records for row, records in named.items() if row.release == release}
        wanted = {
            config: {name for records in of_release.values() for name in records[config]}
            for config in CONFIGS
        }
        released = find_released_records(folder_of(release), wanted)
        for row, records in of_release.items():
            row.records = {  # type: ignore[attr-defined]
                config: [name for name in names if name in released[config]]
                for config, names in records.items()
            }
