"""A real browser without a window, spoken to through its DevTools protocol over a pipe.

with Browser.start(home) as browser:
    page = browser.open(path, width=375, dark=True)
    page.requests, page.complaints, page.evaluate("document.title")
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
)


def found() -> str | None:
    """Where a Chromium is installed, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One process; each page has a tab of its own."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = to_browser
        self._from = from_browser
        self._buffer = b""
        self._last = 0
        self._pages: dict[str, Page] = {}

    @classmethod
    @contextmanager
    def start(cls, home: Path, *flags: str) -> Iterator[Browser]:
        program = found()
        assert program is not None
        read_there, write_here = os.pipe()
        read_here, write_there = os.pipe()
        # The browser reads from 3 and writes to 4; out of the way of both first.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (read_there, write_there)]

        def hand_over() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={home}", *flags, "about:blank"],
            pass_fds=(3, 4),
            preexec_fn=hand_over,  # noqa: PLW1509 - nothing but dup2
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (read_there, write_there, *ends):
            os.close(end)
        browser = cls(write_here, read_here)
        try:
            yield browser
            browser.call("Browser.close")
            process.wait(30)
        finally:
            os.close(write_here)
            os.close(read_here)
            if process.poll() is None:
                process.kill()
                process.wait()

    def open(self, place: Path | str, *, width: int = 1100, dark: bool = False) -> Page:
        """Load a file or an address in a tab, wait until it has settled."""
        address = place.as_uri() if isinstance(place, Path) else place
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, session["sessionId"])
        self._pages[session["sessionId"]] = page
        for domain in ("Network", "Log", "Runtime", "Page"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        page.call("Page.navigate", {"url": address})
        while not page.loaded:
            self._take()
        # Two frames on, whatever the page set off has been asked for.
        page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return page

    def call(
        self, method: str, parameters: dict[str, Any] | None = None, session: str | None = None
    ) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters or {}}
        if session is not None:
            message["sessionId"] = session
        sent = json.dumps(message).encode() + b"\0"
        while sent:
            sent = sent[os.write(self._to, sent) :]
        while (answer := self._take()).get("id") != self._last:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _take(self) -> dict[str, Any]:
        """The next message; an event is told to its page."""
        while b"\0" not in self._buffer:
            more = os.read(self._from, 1 << 20)
            assert more, "the browser has gone"
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        page = self._pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.hear(message["method"], message["params"])
        return message


@dataclass
class Page:
    """A tab.

    Attributes:
        requests: every address that was asked for, the page's own first.
        complaints: whatever the console says, and exceptions.
    """

    browser: Browser
    session: str
    loaded: bool = False
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hear(self, event: str, parameters: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(parameters))

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.browser.call(method, parameters, self.session)

    def evaluate(self, expression: str) -> Any:
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self.call("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """Strike a key, by the name that events have for it."""
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}
        code = {**codes, "ArrowDown": 40, "Tab": 9, "/": 191}.get(key, 0)
        text = text or {"Enter": "\r", "/": "/"}.get(key, "")
        struck = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **struck})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **struck})

    def write(self, text: str) -> None:
        """Write where the focus is."""
        self.call("Input.insertText", {"text": text})

    def until(self, expression: str) -> None:
        """Wait until it holds, which a page that does not do its part never reaches."""
        self.evaluate(
            "new Promise((done, failed) => { const end = Date.now() + 30000; (function look() {"
            f"if ({expression}) done(); else if (Date.now() > end) failed('never'); "
            "else setTimeout(look, 20) })() })"
        )

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        picture = self.call("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        return base64.b64decode(picture["data"])

    def printed(self) -> bytes:
        """The page as PDF, on A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
        return base64.b64decode(self.call("Page.printToPDF", paper)["data"])
