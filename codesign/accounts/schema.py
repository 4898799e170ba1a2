"""How the API describes itself: sign-in, scopes, and the refusals that every operation can give."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from codesign.accounts.rules import TokenScope
from codesign.shared.problems import CONTENT_TYPE
from codesign.shared.serializers import refusal


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Token …`."""

    target_class = "codesign.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An API key in a header, with what each scope allows."""
        scopes = "\n".join(f"- `{scope}`: {scope.label}" for scope in TokenScope)
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": (
                "`Token SECRET`. Tokens are made, and ended, on the page Account → Tokens. Each "
                f"carries scopes and an end:\n\n{scopes}\n\nA token never allows more than its "
                "person's roles do."
            ),
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """The one scope that the operation needs."""
        scope = getattr(auto_schema.view, "scope", None)
        return {self.name: [str(scope)] if scope else []}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of somebody who signed in on the pages."""

    target_class = "codesign.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A cookie; what changes something needs the CSRF header beside it."""
        from django.conf import settings

        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": (
                "The session of somebody who is signed in, every scope included. Requests that "
                f"change something also send the cookie `{settings.CSRF_COOKIE_NAME}` as the "
                "header `X-CSRFToken`."
            ),
        }


class ApiSchema(AutoSchema):
    """Adds what is the same everywhere, so that no view has to say it."""

    def get_summary(self) -> str:
        """The first sentence of the view's words, or its first part."""
        first: str = super().get_description().partition("\n")[0]
        return re.split(r"[.;:] |[.;:]$", first)[0]

    def get_description(self) -> str:  # type: ignore[override]
        """The view's words, and the scope."""
        said = super().get_description()
        scope = getattr(self.view, "scope", None)
        return f"{said}\n\nScope of a token: `{scope}`." if scope else said

    def get_override_parameters(self) -> list[Any]:
        """What the view says may follow `?`, beside what it describes itself."""
        shape = getattr(self.view, "parameters", {}).get(self.method)
        return [*super().get_override_parameters(), *([shape] if shape else [])]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(  # type: ignore[no-untyped-call]
            variables
        )
        for parameter in found:
            if parameter["name"].endswith("_id"):
                parameter["schema"] = {"type": "string", "format": "uuid"}
        return found

    def _common_refusals(self) -> list[int]:
        """Of signing in, negotiation, parameters, reading the body, throttling."""
        codes = [406, 429]
        if getattr(self.view, "scope", None):
            codes += [400, 401, 403]
        if "{" in self.path:
            codes.append(404)
        if self.method in ("POST", "PUT") and self.get_request_serializer() is not None:
            codes += [411, 413, 415]
        return codes

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        for code in self._common_refusals():
            if str(code) not in found:
                found[str(code)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    refusal(code),
                    str(code),
                    [CONTENT_TYPE],
                    direction,
                )
        return dict(sorted(found.items()))
