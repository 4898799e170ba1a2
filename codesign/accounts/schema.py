"""OpenAPI schema: authentication, scopes, and the errors that every operation can return."""

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
        """Describe the token header and what each scope allows."""
        scopes = "\n".join(f"- `{scope}`: {scope.label}" for scope in TokenScope)
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": (
                "`Token SECRET`. Create and revoke tokens on the page Account → Tokens. Each token "
                f"has scopes and an expiry date:\n\n{scopes}\n\nA token never allows more than its "
                "owner's roles do."
            ),
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """Return the one scope that the operation needs."""
        scope = getattr(auto_schema.view, "scope", None)
        return {self.name: [str(scope)] if scope else []}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of a person who is signed in on the web pages."""

    target_class = "codesign.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the cookie; requests that change something also need the CSRF header."""
        from django.conf import settings

        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": (
                "The session of a person who is signed in; it has every scope. Requests that "
                f"change something also send the cookie `{settings.CSRF_COOKIE_NAME}` as the "
                "header `X-CSRFToken`."
            ),
        }


class ApiSchema(AutoSchema):
    """Adds what is common to all operations, so that no view repeats it."""

    def get_summary(self) -> str:
        """Return the first sentence of the view's docstring, or its first part."""
        first: str = super().get_description().partition("\n")[0]
        return re.split(r"[.;:] |[.;:]$", first)[0]

    def get_description(self) -> str:  # type: ignore[override]
        """Return the view's docstring and its scope."""
        description = super().get_description()
        scope = getattr(self.view, "scope", None)
        return f"{description}\n\nToken scope: `{scope}`." if scope else description

    def get_override_parameters(self) -> list[Any]:
        """Add the query parameters that the view declares."""
        shape = getattr(self.view, "parameters", {}).get(self.method)
        return [*super().get_override_parameters(), *([shape] if shape else [])]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(  # type: ignore[no-untyped-call]
            variables
        )
        for parameter in parameters:
            if parameter["name"].endswith("_id"):
                parameter["schema"] = {"type": "string", "format": "uuid"}
        return parameters

    def _common_refusals(self) -> list[int]:
        """Return the status codes of authentication, negotiation, parameters, body, throttling."""
        codes = [406, 429]
        if getattr(self.view, "scope", None):
            codes += [400, 401, 403]
        if "{" in self.path:
            codes.append(404)
        if self.method in ("POST", "PUT") and self.get_request_serializer() is not None:
            codes += [411, 413, 415]
        return codes

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code in self._common_refusals():
            if str(code) not in bodies:
                bodies[str(code)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    refusal(code),
                    str(code),
                    [CONTENT_TYPE],
                    direction,
                )
        return dict(sorted(bodies.items()))
