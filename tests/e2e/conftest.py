# SPDX-License-Identifier: GPL-2.0-or-later
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import Lab  # noqa: E402


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows the logs of its programs."""
    outcome = yield
    result = outcome.get_result()
    made = item.funcargs.get("lab")
    if result.when == "call" and result.failed and made is not None:
        made.show_logs()
