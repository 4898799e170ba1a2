"""A person with a browser that runs no scripts: pages, links, forms, cookies, over real HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

Values = dict[str, str | list[str]]


@dataclass
class Form:
    """A form of a page: its address and the values that it already has."""

    action: str
    method: str
    values: Values = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects forms (with controls that name one by `form=`), links, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._strays: list[tuple[str, dict[str, str]]] = []
        self._open: Form | None = None
        self._area: tuple[Form, str] | None = None
        self._select: tuple[Form, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self._open)
            if "id" in attributes:
                self._by_id[attributes["id"]] = self._open
        elif tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag in {"input", "textarea", "select", "option", "button"}:
            if "form" in attributes:
                self._strays.append((tag, attributes))
            else:
                self._control(self._open, tag, attributes)

    def _control(self, form: Form | None, tag: str, attributes: dict[str, str]) -> None:
        if form is None:
            return
        name = attributes.get("name", "")
        if tag == "option" and self._select:
            owner, chosen = self._select
            if "selected" in attributes or chosen not in owner.values:
                owner.values[chosen] = attributes.get("value", "")
        elif tag == "button":
            form.buttons.append((name, attributes.get("value", "")))
        elif name:
            form.fields.add(name)
            self._fill(form, tag, name, attributes)

    def _fill(self, form: Form, tag: str, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "text")
        if tag == "textarea":
            self._area = (form, name)
            form.values[name] = ""
        elif tag == "select":
            self._select = (form, name)
        elif kind not in {"radio", "checkbox", "submit"} or "checked" in attributes:
            form.values[name] = attributes.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._area:
            form, name = self._area
            form.values[name] = str(form.values[name]) + data

    def close(self) -> None:
        super().close()
        for tag, attributes in self._strays:
            self._control(self._by_id.get(attributes["form"]), tag, attributes)


def forms_of(text: str) -> list[Form]:
    """Return the forms of a page, with the values that they already have."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.forms


@dataclass
class Page:
    """One answer."""

    url: str
    status: int
    text: str
    forms: list[Form]
    links: list[str]
    words: str

    def form_with(self, *names: str, to: str = "") -> Form:
        """The form that has these fields and goes to an address that holds `to`."""
        for form in self.forms:
            if set(names) <= form.fields and to in (form.action or self.url):
                return form
        raise AssertionError(f"no form with {names} to {to!r} on {self.url}:\n{self.words}")


class Visitor:
    """One signed-out person; cookies stay."""

    def __init__(self, port: int) -> None:
        self.client = httpx.Client(
            base_url=f"http://localhost:{port}", follow_redirects=True, timeout=60
        )

    def get(self, path: str, *, status: int = 200) -> Page:
        """Open a page."""
        return self._page(self.client.get(path), status)

    def submit(self, page: Page, form: Form, *, status: int = 200, **values: Any) -> Page:
        """Send a form with what was filled in, and `values` over it (`None` unticks)."""
        data = {k: v for k, v in (form.values | values).items() if v is not None}
        answer = self.client.request(
            form.method.upper(),
            urljoin(page.url, form.action),
            data=data,
            headers={"Referer": page.url},
        )
        return self._page(answer, status)

    def sign_in(self, email: str, password: str) -> Page:
        """By address and password."""
        page = self.get("/account/login/")
        home = self.submit(
            page, page.form_with("login", "password"), login=email, password=password
        )
        assert "/account/login" not in home.url, home.words
        return home

    def choose_topics(self, study: str) -> Page:
        """Be fine with all topics, as the judging page asks before the first text."""
        page = self.get(f"{study}/topics/")
        return self.submit(page, page.form_with("minutes"), then="judge")

    def _page(self, answer: httpx.Response, status: int) -> Page:
        reader = _Reader()
        reader.feed(answer.text)
        reader.close()
        words = " ".join(" ".join(reader.words).split())
        assert answer.status_code == status, f"{answer.url}: {answer.status_code}\n{words[:2000]}"
        return Page(
            str(answer.url), answer.status_code, answer.text, reader.forms, reader.links, words
        )
