"""Studies, cohorts, members."""

from __future__ import annotations

import factory

from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role, StudyState
from tests.factories.accounts import UserFactory


class StudyFactory(factory.django.DjangoModelFactory[Study]):
    """An open study."""

    class Meta:
        model = Study

    slug = factory.Sequence(lambda n: f"study-{n}")
    title = factory.Sequence(lambda n: f"Made-up study {n}")
    organisation = "Made-up group"
    contact = "study@example.org"
    state = StudyState.OPEN


class CohortFactory(factory.django.DjangoModelFactory[Cohort]):
    """A cohort of panelists; `role="clinician"` for clinicians."""

    class Meta:
        model = Cohort

    study = factory.SubFactory(StudyFactory)
    key = factory.Sequence(lambda n: f"cohort-{n}")
    title = factory.Sequence(lambda n: f"Cohort {n}")
    role = Role.PANELIST


class MemberFactory(factory.django.DjangoModelFactory[Member]):
    """A panelist in a cohort of their own; `cohort=` puts them with others."""

    class Meta:
        model = Member

    cohort = factory.SubFactory(CohortFactory)
    study = factory.SelfAttribute("cohort.study")
    user = factory.SubFactory(UserFactory)
    roles = factory.LazyAttribute(lambda made: [made.cohort.role])


def staff(study: Study, *roles: str) -> Member:
    """A member with staff roles, a coordinator unless said otherwise."""
    return Member.objects.create(
        study=study, user=UserFactory.create(), roles=list(roles or (Role.COORDINATOR,))
    )
