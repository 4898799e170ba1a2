"""What a worker does with the outbox, and a reader with a mail."""

from __future__ import annotations

import re

from django.core.mail import EmailMessage

from codesign.accounts.queries import MAIL
from tests.support.jobs import run_all

CODE = re.compile(r"^\s*([0-9A-Z]{3,4}-?[0-9A-Z]{3,4})\s*$", re.MULTILINE)


def post_mail() -> None:
    """Hand over every mail that is due."""
    run_all(MAIL)


def code_in(mail: EmailMessage | str) -> str:
    """The code on a line of its own in a mail."""
    body = mail if isinstance(mail, str) else str(mail.body)
    match = CODE.search(body)
    assert match, body
    return match.group(1)
