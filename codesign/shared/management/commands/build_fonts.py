"""`manage.py build_fonts`: build the web fonts from their package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from fontTools import subset
from fontTools.ttLib import TTFont

from codesign.shared.assets import fonts_dir

_FACES = {
    "regular": ("AtkinsonHyperlegible-Regular.ttf", 400, "normal"),
    "bold": ("AtkinsonHyperlegible-Bold.ttf", 700, "normal"),
    "italic": ("AtkinsonHyperlegible-Italic.ttf", 400, "italic"),
    "bold-italic": ("AtkinsonHyperlegible-BoldItalic.ttf", 700, "italic"),
}
_RULE = """@font-face {{
  font-family: "Atkinson Hyperlegible";
  font-weight: {weight};
  font-style: {style};
  font-display: swap;
  src: url("{name}.woff2") format("woff2");
}}
"""


class Command(BaseCommand):
    """Converts TTF to WOFF2 (15 KB a face). Does nothing if the fonts are already built."""

    help = "Build the web fonts and their style sheet in CODESIGN_HOME. Run before collectstatic."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--force` rebuilds the fonts, for example after an update of the package."""
        parser.add_argument("--force", action="store_true", help="rebuild existing fonts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the style sheet last: its presence means that every font is built."""
        target = fonts_dir()
        sheet = target / "fonts.css"
        if sheet.exists() and not options["force"]:
            return
        source = _package_files()
        target.mkdir(parents=True, exist_ok=True)
        for name, (file, _weight, _style) in _FACES.items():
            font = TTFont(source / file)
            _without_hints(font)
            font.flavor = "woff2"
            font.save(target / f"{name}.woff2")
        sheet.write_text(
            "".join(
                _RULE.format(name=name, weight=weight, style=style)
                for name, (_file, weight, style) in _FACES.items()
            )
        )
        if options["verbosity"]:
            self.stdout.write(f"Web fonts are in {target}")


def _without_hints(font: TTFont) -> None:
    """Remove instructions for coarse screens, a third of a font. Phones do not use them."""
    options = subset.Options(hinting=False, layout_features=["*"], name_IDs=["*"])
    every = subset.Subsetter(options)
    every.populate(unicodes=font.getBestCmap())
    every.subset(font)


def _package_files() -> Path:
    """Return the package's folder of TTF files. Raises CommandError if it is not installed."""
    spec = importlib.util.find_spec("fontpkg_atkinson_hyperlegible")
    if spec is None or spec.origin is None:
        raise CommandError("Please install fontpkg-atkinson-hyperlegible first.")
    return Path(spec.origin).parent / "files"
