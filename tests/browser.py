"""A headless Chromium that tests drive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A busy machine takes its time; what hangs ends all the same.
_MILLISECONDS = 600_000
expect.set_options(timeout=_MILLISECONDS)


def chromium_path() -> str:
    """The installed Chromium; without one a test is left out, or fails where CI runs."""
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin"))
    found = next((path for name in _NAMES if (path := shutil.which(name, path=search))), None)
    if found is None:
        message = f"needs one of {', '.join(_NAMES)}: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return str(found)


@contextmanager
def running() -> Iterator[Browser]:
    """A browser that draws WebGL without a graphics card."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic"],
            timeout=_MILLISECONDS,
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """An empty page of a browser of its own.

    Args:
        width: Of the window, in pixels.
        height: Of the window, in pixels.

    Yields:
        The page; an error that no script of it catches fails the test at the end.
    """
    errors: list[str] = []
    with running() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(_MILLISECONDS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert not errors, errors


class Window:
    """Opens one page after the other, each as if nothing had been opened before.

    Args:
        browser: Where.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.complaints: list[str] = []
        """Errors, warnings and messages of the page, but for those of the graphics driver."""
        self.requests: list[str] = []
        """What the page asked for, itself among it."""

    def open(self, file: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A page in a window of a size, touched by fingers where it is narrow."""
        for context in self._browser.contexts:
            context.close()
        self.complaints.clear()
        self.requests.clear()
        is_phone = width < 600
        page = self._browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            is_mobile=is_phone,
            has_touch=is_phone,
        )
        page.set_default_timeout(_MILLISECONDS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.text))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())
        return page

    def _note(self, text: str) -> None:
        # Drawing on the processor is slow, and the driver says so.
        if "GL Driver Message" not in text:
            self.complaints.append(text)
