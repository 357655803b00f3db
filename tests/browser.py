"""A headless Chromium that tests drive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A busy machine takes its time; what hangs ends all the same.
_MILLISECONDS = 600_000


def chromium_path() -> str:
    """The installed Chromium; without one a test is left out, or fails where CI runs."""
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin"))
    found = next((path for name in _NAMES if (path := shutil.which(name, path=search))), None)
    if found is None:
        message = f"needs one of {', '.join(_NAMES)}: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return str(found)


@contextmanager
def open_page(width: int = 1280, height: int = 900, *, dark: bool = False) -> Iterator[Page]:
    """An empty page of a browser that draws WebGL without a graphics card.

    Args:
        width: Of the window, in pixels.
        height: Of the window, in pixels.
        dark: Whether the user likes dark pages.

    Yields:
        The page; an error that no script of it catches fails the test at the end.
    """
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic"],
            timeout=_MILLISECONDS,
        )
        try:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
            )
            page.set_default_timeout(_MILLISECONDS)
            page.on("pageerror", lambda error: errors.append(str(error)))
            yield page
        finally:
            browser.close()
    assert not errors, errors
