"""Static files that come out of installed packages, found where they lie: none is copied into git.

`PackagedAssets` stands in STATICFILES_FINDERS. Bootstrap appears as `vendor/…`, the typeface, once
`manage.py build_fonts` has made it, as `fonts/…`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bootstrap_wrapper import get_bootstrap_css_dir
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage

FONT_STYLESHEET = "fonts/fonts.css"
FONT_FIRST = "fonts/regular.woff2"

# The maps are named in the style sheets, and hashing file names wants to see them.
_BOOTSTRAP = tuple(
    f"bootstrap{direction}.min.css{suffix}" for direction in ("", ".rtl") for suffix in ("", ".map")
)


def fonts_dir() -> Path:
    """Where the built typeface lies; may not exist, then pages use the system's typeface."""
    return Path(settings.CODESIGN_HOME) / "assets" / "fonts"


class PackagedAssets(BaseFinder):
    """Finds Bootstrap's style sheets in its package and the built typeface under CODESIGN_HOME."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._stores = {
            "vendor": FileSystemStorage(location=get_bootstrap_css_dir()),
            "fonts": FileSystemStorage(location=fonts_dir()),
        }
        for prefix, store in self._stores.items():
            store.prefix = prefix  # type: ignore[attr-defined]  # collectstatic asks for it

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file behind a static name; an empty list, as the contract has it, when not ours."""
        prefix, _, name = path.partition("/")
        known = name in self._names(prefix)
        found = [self._stores[prefix].path(name)] if known else []
        return found if find_all or not found else found[0]

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every file with the store that it is in, for collectstatic."""
        for prefix, store in self._stores.items():
            for name in self._names(prefix):
                if not matches_patterns(name, list(ignore_patterns or [])):
                    yield name, store

    def _names(self, prefix: str) -> tuple[str, ...]:
        if prefix == "vendor":
            return _BOOTSTRAP
        if prefix == "fonts" and fonts_dir().is_dir():
            return tuple(sorted(file.name for file in fonts_dir().iterdir()))
        return ()
