"""A headless Chromium, driven through chromedriver (the WebDriver protocol, over HTTP on this
machine alone). Pages are opened from files."""
import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

SWITCHES = ("--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", "--window-size=1280,900")
DEADLINE = 120


def missing():
    """What is not installed, as a reason to skip; empty when all is there."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(lacking)} missing (packages chromium, chromium-driver)" if lacking else ""


class Browser:
    def __init__(self, port, profile):
        self.port = port
        switches = [*SWITCHES, f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            switches.append("--no-sandbox")
        wanted = {"goog:chromeOptions": {"args": switches, "binary": shutil.which("chromium")},
                  "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = f"/session/{self._open(wanted)}"

    def _open(self, wanted):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
                return made["sessionId"]
            except ConnectionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=DEADLINE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from error
        except urllib.error.URLError as error:
            raise ConnectionError(str(error.reason)) from error

    def ask(self, method, path, body=None):
        return self._ask(method, self.session + path, body)

    def open(self, path):
        self.ask("POST", "/url", {"url": path.resolve().as_uri()})

    def run(self, script, *arguments):
        """The value that the body of a function returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def tell(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def complaints(self):
        return [row["message"] for row in self.ask("POST", "/se/log", {"type": "browser"})]

    def press(self, key, shift=False):
        for kind in ("rawKeyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key], modifiers=8 if shift else 0)

    def like(self, dark=False, media=""):
        """What the reader's system prefers, and on what the page is shown."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme], media=media)

    def width(self, pixels, height=900):
        self.tell("Emulation.setDeviceMetricsOverride", width=pixels, height=height,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def browser():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_port()
        with open(os.path.join(folder, "log"), "wb") as log:
            driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=log, stderr=log)
        opened = None
        try:
            opened = Browser(port, os.path.join(folder, "profile"))
            yield opened
        finally:
            with contextlib.suppress(Exception):
                opened.ask("DELETE", "")
            driver.terminate()
            driver.wait(DEADLINE)
