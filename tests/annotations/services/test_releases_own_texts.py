"""A text that its author alone sees is in no release, and nothing of a release tells of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from annotations.models import DatasetRelease, OwnText, Rewrite
from annotations.queries.releases import JOB
from annotations.queries.review import Kind
from annotations.rules.own_texts import OwnKind, OwnState, Source
from annotations.services import own_texts, releases, review
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import NotFound
from tests.support.jobs import claimed
from tests.support.release_study import Story, files_of, release, rows
from tests.support.together import LONGEST, somebody_waits

pytestmark = pytest.mark.django_db

SAID = "I want to die"


def sent(story: Story, *, text: str = SAID) -> Rewrite:
    """A rewrite as it is sent: pending, and its author's alone where it says so."""
    member = story.member()
    judgement = story.judge(member, story.prompt())
    rewrite = story.rewrite(judgement, text, "pending")
    own_texts.keep_private(
        member=member,
        source=Source.JUDGEMENT,
        about=rewrite.judgement_id,
        sent=[(OwnKind.REWRITE, rewrite.id, text)],
    )
    return rewrite


def decide(rewrite: Rewrite, state: str) -> None:
    text = OwnText.objects.get(about=rewrite.id)
    own_texts.decide(actor=Actor.of(rewrite.judgement.member.user), text_id=text.id, state=state)


def accept(rewrite: Rewrite) -> None:
    review.decide(actor=SYSTEM, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")


def asked(story: Story) -> DatasetRelease:
    return releases.request_release(actor=SYSTEM, study=story.study, purpose="training")


def test_a_private_text_leaves_no_trace_in_a_release() -> None:  # standards 4.9
    story = Story()
    sent(story)
    made = release(story.study)
    assert SAID not in files_of(made)
    assert not made.manifest["dropped"].get("sft")
    assert "not_reviewed" not in str(made.manifest["dropped"])
    assert all(row["kind"] != "rewrite" for row in rows(made, "judgements"))
    assert rows(made, "judgements")  # the judgement itself counts


def test_an_allowed_and_accepted_rewrite_is_in_the_next_release() -> None:
    story = Story()
    rewrite = sent(story)
    decide(rewrite, "free")
    accept(rewrite)
    made = release(story.study)
    assert [row["completion"][0]["content"] for row in rows(made, "sft")] == [SAID]


def test_words_of_highlights_are_blank_until_allowed() -> None:
    story = Story()
    member, prompt = story.member(), story.prompt()
    response = str(story.responses(prompt)[0].id)
    mark: dict[str, Any] = {"response": response, "start": 0, "end": 3, "comment": ""}
    marks = [mark | {"label": SAID}, mark | {"start": 4, "end": 9, "label": "cold"}]
    judgement = story.judge(member, prompt, highlights=marks)
    own_texts.keep_private(
        member=member,
        source=Source.JUDGEMENT,
        about=judgement.id,
        sent=[(OwnKind.HIGHLIGHTS, judgement.id, SAID)],
    )

    def labels(made: DatasetRelease) -> list[str]:
        return [row["criterion"] for row in rows(made, "judgements") if row["kind"] == "highlight"]

    made = release(story.study)
    assert labels(made) == ["", ""]
    assert SAID not in files_of(made)
    text = OwnText.objects.get()
    own_texts.decide(actor=Actor.of(member.user), text_id=text.id, state="free")
    assert labels(release(story.study)) == ["", "cold"]  # own words are in no release


def test_a_text_sent_during_a_build_is_not_released() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made = asked(story)
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        rewrite = sent(story)
        assert releases.freeze(release=made, draft=draft, work=work)
        made.refresh_from_db()
        assert SAID not in files_of(made)
        decide(rewrite, "free")
        accept(rewrite)
        assert SAID in files_of(release(story.study))


def test_a_text_made_private_during_a_build_is_not_released() -> None:
    """What nobody has accepted is in no draft, and what was accepted cannot be made private."""
    story = Story()
    rewrite = sent(story)
    decide(rewrite, "free")
    made = asked(story)
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        decide(rewrite, "private")
        assert releases.freeze(release=made, draft=draft, work=work)
        made.refresh_from_db()
        assert SAID not in files_of(made)
        with pytest.raises(NotFound, match="does not exist"):
            accept(rewrite)


@pytest.mark.django_db(transaction=True)
def test_a_choice_during_a_freeze_waits_and_then_applies() -> None:
    """Two real connections, one order of locks: neither stops the other for ever."""
    story = Story()
    rewrite = sent(story)
    made = asked(story)
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        failures: list[BaseException] = []

        def let_it_be_used() -> None:
            try:
                decide(rewrite, "free")
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        with transaction.atomic():
            assert releases.freeze(release=made, draft=draft, work=work)
            choosing = threading.Thread(target=let_it_be_used)
            choosing.start()
            while choosing.is_alive() and not somebody_waits():
                choosing.join(0.05)
            assert choosing.is_alive()
        choosing.join(LONGEST)
        assert not failures
        made.refresh_from_db()
        assert SAID not in files_of(made)
        assert OwnText.objects.get().state == OwnState.FREE
