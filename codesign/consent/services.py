"""Publishing a consent text, signing it, changing a choice, withdrawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.consent import queries, rules, signals
from codesign.consent.models import (
    ConsentChoice,
    ConsentDraft,
    ConsentRecord,
    ConsentVersion,
    Withdrawal,
)
from codesign.consent.permissions import PUBLISH, SIGN
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NoConsent, NotPermitted
from codesign.shared.visible import shows_nothing
from codesign.studies.locks import lock_study
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

DRAFT_SAVED = action("consent.draft_saved", gettext_lazy("saved the draft of a consent text"))
PUBLISHED = action("consent.published", gettext_lazy("published a consent version"))
SIGNED = action("consent.signed", gettext_lazy("signed the consent text"))
CHANGED = action("consent.choice_changed", gettext_lazy("changed a consent choice"))
WITHDRAWN = action("consent.withdrawn", gettext_lazy("withdrew consent"))


@transaction.atomic
def publish_version(
    *,
    actor: Actor,
    study: Study,
    language: str,
    content: Mapping[str, Any],
    material: bool = True,
) -> ConsentVersion:
    """Publish a text. It never changes afterwards, and new signatures refer to it.

    Raises Invalid with every missing part if the text is incomplete.
    """
    require(actor, PUBLISH, study)
    if problems := rules.content_problems(content):
        raise Invalid(" ".join(problems), {"content": problems})
    lock_study(study_id=study.id)
    last = ConsentVersion.objects.filter(study=study).aggregate(n=Max("number"))["n"] or 0
    version = ConsentVersion.objects.create(
        study=study,
        number=last + 1,
        language=language,
        content=dict(content),
        content_hash=rules.content_hash(content),
        material=material,
    )
    audit.record(
        actor=actor,
        action=PUBLISHED,
        study_id=study.id,
        about=("consent_version", version.id, f"{version.number} {language}"),
        data={"hash": version.content_hash, "material": material},
    )
    return version


@transaction.atomic
def save_draft(
    *, actor: Actor, study: Study, language: str, content: Mapping[str, Any], before: str
) -> ConsentDraft:
    """Save a draft, complete or not. `before` is the hash of the draft that was edited.

    Raises Conflict if somebody else has saved in the meantime, so that no text is lost.
    """
    require(actor, PUBLISH, study)
    lock_study(study_id=study.id)
    draft = queries.draft_of(study_id=study.id, language=language)
    content_hash = rules.content_hash(content)
    if draft and draft.content_hash == content_hash:  # repeated request
        return draft
    if (draft.content_hash if draft else "") != before:
        raise Conflict(
            _("Somebody else has saved this text in the meantime. Save again to replace theirs.")
        )
    draft = draft or ConsentDraft(study=study, language=language)
    draft.content, draft.content_hash = dict(content), content_hash
    draft.save()
    audit.record(
        actor=actor,
        action=DRAFT_SAVED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={"hash": draft.content_hash},
    )
    return draft


@transaction.atomic
def publish_draft(
    *, actor: Actor, study: Study, language: str, shown_hash: str, material: bool
) -> ConsentVersion:
    """Publish the draft as it was shown and delete it. A repeated request publishes it once."""
    require(actor, PUBLISH, study)
    lock_study(study_id=study.id)
    draft = queries.draft_of(study_id=study.id, language=language)
    last = queries.current_version(study_id=study.id, language=language)
    if draft is None and last and last.content_hash == shown_hash:
        return last
    if draft is None or draft.content_hash != shown_hash:
        raise Conflict(_("The text has changed since you opened it. Please check it again."))
    version = publish_version(
        actor=actor, study=study, language=language, content=draft.content, material=material
    )
    draft.delete()
    return version


def _lock_own(actor: Actor, member: Member) -> Member:
    """Return the member, locked: consent, leases and submissions of one person are serialised."""
    if actor.user_id != member.user_id:
        raise NotPermitted(_("Only the person themselves can do this."))
    return (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study", "cohort")
        .get(id=member.id)
    )


@transaction.atomic
def sign(
    *,
    actor: Actor,
    member: Member,
    version: ConsentVersion,
    shown_hash: str,
    typed_name: str,
    granted: Iterable[str],
) -> ConsentRecord:
    """Sign the text that was shown. Every offered purpose gets a row, ticked or not."""
    require(actor, SIGN, member.study)
    member = _lock_own(actor, member)
    ticked = set(granted)
    offered = [choice["purpose"] for choice in version.content["choices"]]
    name = " ".join(typed_name.split())
    if shows_nothing(name) or not any(letter.isalpha() for letter in name):
        sentence = _("Please type your name.")
        raise Invalid(sentence, {"typed_name": [sentence]})
    if problem := rules.choice_problem(ticked, offered):
        raise Invalid(problem, {"choices": [problem]})
    newest = queries.current_version(study_id=member.study_id, language=version.language)
    if newest != version or shown_hash != version.content_hash:
        raise Conflict(_("The text has changed since you opened it. Please read it again."))
    if queries.record_in_force(member_id=member.id):
        raise Conflict(_("You have already signed this."))
    record = ConsentRecord.objects.create(
        member=member,
        version=version,
        typed_name=name,
        signed_hash=version.content_hash,
        signed_at=timezone.now(),
    )
    ConsentChoice.objects.bulk_create(
        ConsentChoice(record=record, purpose=purpose, granted=purpose in ticked)
        for purpose in offered
    )
    audit.record(
        actor=actor,
        action=SIGNED,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
        data={"version": version.number, "hash": record.signed_hash, "granted": sorted(ticked)},
    )
    signals.consent_signed.send(sender=ConsentRecord, member=member, record=record)
    return record


@transaction.atomic
def change_choice(
    *, actor: Actor, member: Member, purpose: rules.Purpose, granted: bool
) -> ConsentChoice:
    """Grant or withdraw one optional purpose, effective now. Repeating an answer does nothing."""
    member = _lock_own(actor, member)
    record = queries.record_in_force(member_id=member.id)
    if record is None:
        raise NoConsent
    offered = {choice["purpose"] for choice in record.version.content["choices"]}
    if purpose not in rules.OPTIONAL & offered:
        raise Invalid(
            _("This choice cannot be changed on its own. You can leave the study instead.")
        )
    last = ConsentChoice.objects.filter(record=record, purpose=purpose).order_by("-id").first()
    if last and last.granted == granted:  # repeated request
        return last
    choice = ConsentChoice.objects.create(record=record, purpose=purpose, granted=granted)
    audit.record(
        actor=actor,
        action=CHANGED,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
        data={"purpose": purpose, "granted": granted},
    )
    signals.choice_changed.send(
        sender=ConsentRecord,
        actor=actor,
        member=member,
        record=record,
        purpose=purpose,
        granted=granted,
    )
    return choice


@transaction.atomic
def withdraw(
    *, actor: Actor, member: Member, level: rules.WithdrawalLevel = rules.WithdrawalLevel.STOP_USE
) -> Withdrawal:
    """Withdraw every signature, effective now and without a reason. Earned pay stays.

    Includes signatures that a newer text has superseded (standards 2.8), because data given under
    them would otherwise stay in use. Returns the withdrawal of the newest signature.
    """
    member = _lock_own(actor, member)
    records = queries.standing_records(member_id=member.id)
    if not records:
        raise Conflict(_("You have no consent to withdraw."))
    withdrawals = [Withdrawal.objects.create(record=record, level=level) for record in records]
    audit.record(
        actor=actor,
        action=WITHDRAWN,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
        data={"level": level, "signatures": len(records)},
    )
    signals.consent_withdrawn.send(
        sender=ConsentRecord, actor=actor, member=member, records=records, level=level
    )
    return withdrawals[0]
