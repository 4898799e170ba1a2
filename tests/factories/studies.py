"""Studies, cohorts, members."""

from __future__ import annotations

from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role, StudyState
from tests.factories.accounts import UserFactory
from tests.factories.care import cover


class StudyFactory(DjangoModelFactory[Study]):
    """An open study."""

    class Meta:
        model = Study
        skip_postgeneration_save = True

    slug = Sequence(lambda n: f"study-{n}")
    title = Sequence(lambda n: f"Made-up study {n}")
    organisation = "Made-up group"
    contact = "study@example.org"
    state = StudyState.OPEN

    @post_generation
    def covered(self: Study, create: bool, extracted: object, **kwargs: object) -> None:
        """Unless it is a draft, it recruits in one country and has a line there."""
        if create and self.state != StudyState.DRAFT:
            cover(self)


class CohortFactory(DjangoModelFactory[Cohort]):
    """A cohort of panelists; `role="clinician"` for clinicians."""

    class Meta:
        model = Cohort

    study = SubFactory(StudyFactory)
    key = Sequence(lambda n: f"cohort-{n:05}")  # their order is that of their keys
    title = Sequence(lambda n: f"Cohort {n}")
    role = Role.PANELIST


class MemberFactory(DjangoModelFactory[Member]):
    """A panelist in a cohort of their own; `cohort=` puts them with others."""

    class Meta:
        model = Member

    cohort = SubFactory(CohortFactory)
    study = SelfAttribute("cohort.study")
    user = SubFactory(UserFactory)
    roles = LazyAttribute(lambda made: [made.cohort.role])


def staff(study: Study, *roles: str) -> Member:
    """A member with staff roles, a coordinator unless said otherwise."""
    return Member.objects.create(
        study=study, user=UserFactory.create(), roles=list(roles or (Role.COORDINATOR,))
    )
