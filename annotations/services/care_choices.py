"""Store what a person chose for topics, and the daily limits of people and studies."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import OwnLimit, StudyLimit, TopicChoice
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import assignments as queries
from annotations.queries import load as load_queries
from annotations.queries import topics as topic_queries
from annotations.rules import load
from annotations.rules.states import AssignmentState
from annotations.rules.topics import Choice
from annotations.services import assignments, seats
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

CHOSEN = action("annotations.topics_chosen", gettext_lazy("changed their topics or daily limit"))
LIMITED = action("annotations.limit_set", gettext_lazy("set the daily limit of the study"))


@transaction.atomic
def choose(*, actor: Actor, slug: str, choices: Mapping[str, str], minutes: int | None) -> Member:
    """Store the actor's choices by topic, and their own daily limit (None: the study's).

    Topics that are not named keep their choice. An assignment with a topic that they now never want
    to see is returned; its draft stays. The audit trail does not say what was chosen, because
    others read it. Repeating the request changes nothing.
    """
    member = assignments.lock_member(actor=actor, slug=slug)
    _check_topics(member, choices)
    _check_minutes(minutes, most=load_queries.study_minutes(member))
    before = topic_queries.choices_of(actor=actor, member=member)
    changed = {topic: one for topic, one in choices.items() if before.get(topic) != one}
    if not changed and load_queries.own_minutes(member) == minutes:
        return member
    TopicChoice.objects.bulk_create(
        [TopicChoice(member=member, topic=topic, choice=one) for topic, one in changed.items()],
        update_conflicts=True,
        unique_fields=["member", "topic"],
        update_fields=["choice"],
    )
    if minutes is None:
        OwnLimit.objects.filter(member=member).delete()
    else:
        OwnLimit.objects.update_or_create(member=member, defaults={"minutes": minutes})
    _return_refused(actor, member)
    audit.record(
        actor=actor,
        action=CHOSEN,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
    )
    return member


def _check_topics(member: Member, choices: Mapping[str, str]) -> None:
    unknown = set(choices) - topic_queries.known_among(choices, study_id=member.study_id)
    if unknown:
        sentence = _("This study has no such topic: %(topics)s.") % {
            "topics": ", ".join(sorted(unknown))
        }
        raise Invalid(sentence, {"choices": [sentence]})
    if not set(choices.values()) <= set(Choice):
        sentence = _("Choose “never”, “ask” or “fine” for each topic.")
        raise Invalid(sentence, {"choices": [sentence]})


def _check_minutes(minutes: int | None, *, most: int) -> None:
    if minutes is not None and not load.LEAST_MINUTES <= minutes <= most:
        sentence = _("Please choose from %(least)d to %(most)d minutes.") % {
            "least": load.LEAST_MINUTES,
            "most": most,
        }
        raise Invalid(sentence, {"minutes": [sentence]})


def _return_refused(actor: Actor, member: Member) -> None:
    """Return the member's current assignment if they never want to see one of its topics."""
    lease = queries.leased().filter(member_id=member.id).select_related("prompt", "seat").first()
    if lease is None:
        return
    never = [
        topic
        for topic, choice in topic_queries.choices_of(actor=actor, member=member).items()
        if choice == Choice.NEVER
    ]
    if set(never) & set(lease.prompt.topics):
        assignments.end_lease(
            actor=actor,
            assignment=lease,
            task=seats.locked_task(task_id=lease.task_id),
            state=AssignmentState.EXPIRED,
            why="stopped",
            now=timezone.now(),
        )


def forget(*, member: Member) -> None:
    """Delete a member's choices and their own limit. The caller's transaction says why."""
    TopicChoice.objects.filter(member=member).delete()
    OwnLimit.objects.filter(member=member).delete()


@transaction.atomic
def set_study_limit(*, actor: Actor, study: Study, minutes: int) -> StudyLimit:
    """Set the daily limit of a study, in minutes of the heaviest texts. It holds from now on."""
    require(actor, MANAGE_ROUNDS, study)
    _check_minutes(minutes, most=load.MOST_MINUTES)
    limit, _created = StudyLimit.objects.update_or_create(
        study=study, defaults={"minutes": minutes}
    )
    audit.record(
        actor=actor,
        action=LIMITED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={"minutes": minutes},
    )
    return limit
