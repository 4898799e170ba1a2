"""Static files served from installed packages, so that none is copied into the repository.

`PackagedAssets` is listed in STATICFILES_FINDERS. Bootstrap is served as `vendor/…`. The typeface
is served as `fonts/…` once `manage.py build_fonts` has built it.
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

# The source maps are named in the style sheets; hashed file names need them to exist.
_BOOTSTRAP = tuple(
    f"bootstrap{direction}.min.css{suffix}" for direction in ("", ".rtl") for suffix in ("", ".map")
)


def fonts_dir() -> Path:
    """Return the folder of the built typeface. If it is missing, pages use a system font."""
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
        """Return no messages: there is nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file behind a static name, or an empty list if it is not one of ours.

        The empty list is what Django's finders return for an unknown name.
        """
        prefix, _, name = path.partition("/")
        known = name in self._names(prefix)
        paths = [self._stores[prefix].path(name)] if known else []
        return paths if find_all or not paths else paths[0]

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield every file with its storage, for collectstatic."""
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
