"""Pages as a browser reads them."""

import re


def flowed(page: bytes | str) -> str:
    """Return a page without the line breaks and indentation of its templates.

    A run of whitespace is one space; just inside of an element it is none. So a test may look for
    `<a href="/">Home</a>` wherever the template breaks its lines.
    """
    html = page.decode() if isinstance(page, bytes) else page
    html = re.sub(r"\s+", " ", html)
    html = re.sub(r"(<[a-z][^<>]*>) ", r"\1", html)
    return re.sub(r" (</)", r"\1", html).replace(" >", ">")
