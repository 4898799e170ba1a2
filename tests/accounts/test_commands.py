"""`--as EMAIL` names who acts, in every command of the product."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories.studies import StudyFactory, staff

COMMANDS = (
    ["import_prompts", "s", "there-is-no.csv"],
    ["generate", "s", "--model=m"],
    ["release_dataset", "s", "--purpose=training"],
    ["seed_judgements", "s"],
    ["trial_balance"],
    ["check_counts"],
    ["verify_audit"],
)


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_stranger_is_refused(command: list[str]) -> None:
    StudyFactory.create(slug="s")
    with pytest.raises(CommandError, match=r"no account with the address nobody@example\.org"):
        call_command(*command, "--as=nobody@example.org", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (
            "trial_balance",
            "The ledger balances. Every credit has its work, and all work has its credit.",
        ),
        ("check_counts", "All stored counts are correct."),
        ("verify_audit", "The audit trail is intact."),
    ],
)
def test_checks_take_who_checks(command: str, verdict: str) -> None:
    member = staff(StudyFactory.create())
    said = StringIO()
    call_command(command, f"--as={member.user.email}", stdout=said)
    assert said.getvalue().splitlines()[-1] == verdict


@pytest.mark.django_db
def test_a_missing_file_is_said_to_be_missing() -> None:
    study = StudyFactory.create()
    with pytest.raises(CommandError, match="There is no file nowhere"):
        call_command("import_prompts", study.slug, "nowhere", stdout=StringIO())
