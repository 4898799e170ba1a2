"""The demo study: created at the first start, clearly fictional, and never created twice.

Its texts are in `desk/demo`. The first round shows example replies, which people of the project
wrote by hand, so that there is something to read at once. The embedded model writes the replies of
the second round in a normal generation run.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from annotations.models import Prompt, Round
from annotations.queries.filling import candidates
from annotations.queries.rubrics import examples as example_rubrics
from annotations.queries.rubrics import newest
from annotations.rules.states import RoundKind, Waiting
from annotations.rules.text_kinds import Category
from annotations.services import rounds, rubrics
from annotations.services.rounds import CohortPlan
from codesign.accounts import queries as account_queries
from codesign.accounts import services as accounts
from codesign.accounts.models import User
from codesign.accounts.rules import TokenScope
from codesign.care.queries import rota as care
from codesign.care.queries.helplines import examples_in
from codesign.care.services import helplines, rota
from codesign.compensation.services import pay_rates
from codesign.consent import queries as consent_queries
from codesign.consent import services as consent
from codesign.consent.models import ConsentVersion
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies import services as studies
from codesign.studies.models import Cohort, Study
from codesign.studies.rules import JUDGING, Role, StudyState
from modelhub.rules.generation import Settings
from modelhub.services import generation, imports, versions

CONTENT = Path(__file__).resolve().parents[1] / "demo"
ACCOUNTS_FILE = "demo-accounts.json"
TOKEN_NAME, TOKEN_DAYS = "demo", 90
SITE_ADMIN = "site_admin"
SEED = 1
"""Seed of the generation run, so that every installation shows the same replies."""

Account = dict[str, Any]


def prepare_demo() -> Path:
    """Create the demo study if it is missing, renew tokens, and write the sign-ins to a file.

    Returns the file. Safe to call at every start, and after an interrupted start.
    """
    about = _read("study.json")
    target = Path(settings.CODESIGN_HOME) / ACCOUNTS_FILE
    passwords = _known_passwords(target)
    with transaction.atomic():
        people = {account["email"]: _person(account, passwords) for account in about["accounts"]}
        if not Study.objects.filter(slug=about["slug"]).exists():
            _make_study(about, people)
        rows = [_row(account, people, passwords) for account in about["accounts"]]
        _write_private(target, json.dumps(rows, indent=2) + "\n")
    return target


def _read(name: str) -> Any:
    return json.loads((CONTENT / name).read_text(encoding="utf-8"))


def _known_passwords(file: Path) -> dict[str, str]:
    """Return the passwords that the last start wrote; none if the file is missing or broken."""
    try:
        return {row["email"]: str(row["password"]) for row in json.loads(file.read_text())}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _person(account: Account, passwords: dict[str, str]) -> User:
    """Return the account, created if missing. If its password was lost, it gets a new one."""
    email = account["email"]
    known = email in passwords
    password = passwords.setdefault(email, secrets.token_urlsafe(12))
    user = account_queries.user_by_email(email)
    if user is None:
        return accounts.make_account(
            actor=SYSTEM,
            email=email,
            password=password,
            name=account["name"],
            is_site_admin=account["role"] == SITE_ADMIN,
        )
    if not known:
        accounts.set_password(actor=SYSTEM, user=user, password=password)
    return user


def _make_study(about: dict[str, Any], people: dict[str, User]) -> None:
    study = studies.make_study(
        actor=SYSTEM,
        slug=about["slug"],
        title=about["title"],
        contact=about["contact"],
        summary=about["summary"],
        organisation=about["organisation"],
    )
    cohorts = {
        plan["role"]: studies.make_cohort(
            actor=SYSTEM,
            study=study,
            key=plan["key"],
            title=plan["title"],
            role=Role(plan["role"]),
            position=position,
        )
        for position, plan in enumerate(about["cohorts"])
    }
    for role, pay in about["pay"].items():
        pay_rates.set_rate(
            actor=SYSTEM,
            cohort=cohorts[role],
            amount_minor=pay["amount_minor"],
            currency=pay["currency"],
            estimated_seconds=pay["estimated_seconds"],
        )
    content = consent_queries.example(words=_read("consent.json"))
    version = consent.publish_version(
        actor=SYSTEM, study=study, language=content["language"], content=content
    )
    _add_countries(study, about["countries"])
    _plan_first(study, about, cohorts)
    second = _open_round(study, about, cohorts, title="Second round: replies by a program")
    _add_people(study, about, people, cohorts, version)
    studies.change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    generation.start_run(
        actor=SYSTEM,
        study=study,
        version=versions.ensure_embedded_model(),
        settings=Settings(seed=SEED, system_message=about["system_message"]),
        prompts=list(_without_examples(study)),
        round=second,
    )


def _add_countries(study: Study, codes: list[str]) -> None:
    """Add countries and the example lines for them, as verified on the day they were looked up."""
    for code in codes:
        for example in examples_in(code):
            helplines.add_line(
                actor=SYSTEM, study=study, details=example.details, verified_on=example.checked_on
            )
        helplines.name_country(actor=SYSTEM, study=study, country_code=code)


def _add_people(
    study: Study,
    about: dict[str, Any],
    people: dict[str, User],
    cohorts: dict[str, Cohort],
    version: ConsentVersion,
) -> None:
    """Add everybody, with the safety leads in the rota."""
    for account in about["accounts"]:
        if account["role"] != SITE_ADMIN:
            _add(study, account, people[account["email"]], cohorts, version)
    for lead in care.leads_outside_of_rota(study_id=study.id):
        rota.put_in_rota(actor=SYSTEM, study=study, member_id=lead.id)
    rota.write_escalation(actor=SYSTEM, study=study, text=about["escalation"])


def _add(
    study: Study,
    account: Account,
    user: User,
    cohorts: dict[str, Cohort],
    version: ConsentVersion,
) -> None:
    """Add a person. If the content says so, they sign as they would themselves."""
    member = studies.add_member(
        actor=SYSTEM,
        study=study,
        user=user,
        roles=[account["role"]],
        cohort=cohorts.get(account["role"]),
    )
    if account["consented"]:
        consent.sign(
            actor=Actor.of(user),
            member=member,
            version=version,
            shown_hash=version.content_hash,
            typed_name=account["name"],
            granted=[choice["purpose"] for choice in version.content["choices"]],
        )


def _plan_first(study: Study, about: dict[str, Any], cohorts: dict[str, Cohort]) -> None:
    """Create the rubrics and an open round, and import the prompts, some with example replies."""
    for key, words in example_rubrics().items():
        _make_rubric(study, key, words)
    _open_round(study, about, cohorts, title="First round: example replies by people")
    imports.import_file(actor=SYSTEM, study=study, path=CONTENT / "prompts.jsonl")


def _open_round(
    study: Study, about: dict[str, Any], cohorts: dict[str, Cohort], *, title: str
) -> Round:
    """Create a round and open it. Prompts enter it when they have two replies."""
    judging = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=RoundKind.JUDGING,
        title=title,
        cohorts=[
            CohortPlan(
                cohort=cohorts[plan["role"]],
                rubric=newest(study_id=study.id, key=_key(plan["rubric"])),
                asks=about["asks"],
                overlap=plan["overlap"],
            )
            for plan in about["cohorts"]
        ],
    )
    return rounds.open_round(actor=SYSTEM, round=judging)


def _without_examples(study: Study) -> QuerySet[Prompt]:
    """Return the prompts for judging that have no example replies."""
    return candidates(study_id=study.id, which=Waiting.NOT_ASKED, categories=list(Category))


def _key(name: str) -> str:
    """Return the key of a rubric from its name in the content."""
    return name.replace("_", "-")


def _make_rubric(study: Study, key: str, words: dict[str, Any]) -> None:
    rubrics.make_rubric(
        actor=SYSTEM,
        study=study,
        key=_key(key),
        title=words["title"],
        language=study.language,
        criteria=words["criteria"],
    )


def _row(account: Account, people: dict[str, User], passwords: dict[str, str]) -> Account:
    judges = account["role"] in JUDGING
    scopes = (
        [TokenScope.JUDGE, TokenScope.STUDY_READ]
        if judges
        else [scope for scope in TokenScope if scope != TokenScope.JUDGE]
    )
    email = account["email"]
    _token, secret = accounts.renew_token(
        actor=SYSTEM, user=people[email], name=TOKEN_NAME, scopes=scopes, days=TOKEN_DAYS
    )
    return {
        "email": email,
        "password": passwords[email],
        "role": account["role"],
        "token": secret,
        "consented": account["consented"],
    }


def _write_private(target: Path, text: str) -> None:
    """Write the whole file atomically, readable by its owner only."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:  # mkstemp creates it as 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
