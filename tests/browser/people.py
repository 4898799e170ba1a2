"""People of browser tests, and a check that they are signed in."""

from playwright.sync_api import Page

PASSWORD = "a-lamp-and-a-quiet-river-41"
HOME = "/account/email/"
"""Where they want to go; any page that asks one to sign in would do."""


def expect_signed_in(page: Page) -> None:
    """The header offers "Account" to nobody else, in the place of "Sign in"."""
    page.locator("header").get_by_role("link", name="Account", exact=True).wait_for()
