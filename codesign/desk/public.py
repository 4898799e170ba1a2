"""What anybody may read about a study that its coordinator shows to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from annotations.queries import progress
from annotations.rules.states import ON_PAGES, Ask
from codesign.care.queries.helplines import recruited_codes
from codesign.care.rules.countries import country_name, language_name
from codesign.compensation import queries as compensation
from codesign.compensation.rules import hourly_minor
from codesign.consent import queries as consent
from codesign.shared.errors import NotFound
from codesign.studies import queries as studies
from codesign.studies.models import Study


@dataclass(frozen=True, slots=True)
class Group:
    """What one cohort is asked, and the pay that it is promised (a panel of compensation)."""

    title: str
    asks: Sequence[str]
    pay: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """A study as its public page shows it. `points` is the key information of its consent text."""

    study: Study
    groups: Sequence[Group]
    languages: Sequence[str]
    countries: Sequence[str]
    points: Sequence[str]


def about(*, slug: str, language: str) -> About:
    """Return a public study, with what its consent text says first in that language, if it does.

    A constant number of queries. Raises NotFound, the same for a study that is not public as for
    one that does not exist.
    """
    study = studies.public_studies().filter(slug=slug).first()
    if study is None:
        raise NotFound
    version = consent.current_version(study_id=study.id, language=language)
    return About(
        study=study,
        groups=_groups(study),
        languages=[language_name(code) for code in consent.languages(study_id=study.id)],
        countries=[country_name(code) for code in recruited_codes(study_id=study.id)],
        points=version.content["key_information"] if version else [],
    )


def _groups(study: Study) -> list[Group]:
    plans = progress.plans_for_judging(study_id=study.id)
    rates = compensation.rates_in_force(study_id=study.id, at=timezone.now())
    groups = []
    for cohort in studies.cohorts_of(study_id=study.id):
        plan, rate = plans.get(cohort.id), rates.get(cohort.id)
        hourly = rate and hourly_minor(
            amount_minor=rate.amount_minor, estimated_seconds=rate.estimated_seconds
        )
        asks = [str(ask.label) for ask in map(Ask, plan.asks if plan else ()) if ask in ON_PAGES]
        groups.append(Group(cohort.title, asks, {"rate": rate, "hourly": hourly}))
    return groups
