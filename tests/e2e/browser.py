# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a screen, told what to do by the DevTools protocol over a pair of pipes."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

from lab import PATIENCE, die_with_parent

PROGRAM = shutil.which("chromium")


class Browser:
    def __init__(self, folder):
        ours_out, self.told = os.pipe()  # the program reads 3 and writes 4
        self.heard, theirs_in = os.pipe()
        argv = [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-extensions",
                "--remote-debugging-pipe", f"--user-data-dir={folder}/profile", "about:blank"]
        # The descriptors are moved out of the way first, lest one of them is 3 or 4 already.
        def prepare():
            die_with_parent()
            a, b = os.dup2(ours_out, 100), os.dup2(theirs_in, 101)
            os.dup2(a, 3)
            os.dup2(b, 4)
        with open(folder / "chromium.log", "wb") as log:
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True,
                                          pass_fds=(3, 4, ours_out, theirs_in), preexec_fn=prepare,
                                          env={**os.environ, "HOME": str(folder)}, start_new_session=True)
        os.close(ours_out)
        os.close(theirs_in)
        self.rest, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.told)
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        os.close(self.heard)

    def _read(self, until):
        """The next message."""
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.heard], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser says nothing")
            data = os.read(self.heard, 1 << 20)
            if not data:
                raise EOFError("the browser has ended")
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        words = {"id": self.number, "method": method, "params": params}
        if self.session:
            words["sessionId"] = self.session
        os.write(self.told, json.dumps(words).encode() + b"\0")
        until = time.monotonic() + 20 * PATIENCE
        while True:
            message = self._read(until)
            if message.get("id") != self.number:
                self.events.append(message)
                continue
            assert "error" not in message, (method, message)
            return message["result"]

    def value(self, script):
        """What a script in the page evaluates to."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, url):
        self.call("Page.navigate", url=url)

    def look(self, width, height, dark):
        """What the window is like."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def shoot(self, path):
        """A picture of the whole page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def complaints(self):
        """Errors of scripts, and what the policy has forbidden."""
        found = [e["params"] for e in self.events if e.get("method") == "Runtime.exceptionThrown"]
        return found + [e["params"]["entry"]["text"] for e in self.events if e.get("method") == "Log.entryAdded"
                        and e["params"]["entry"]["source"] in ("security", "javascript")]

    def requested(self):
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
