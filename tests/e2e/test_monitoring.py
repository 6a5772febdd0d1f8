# SPDX-License-Identifier: GPL-2.0-or-later
"""The configurations for Prometheus and Grafana in etc/monitoring: they are well-formed, alerts come when they must, and
whatever they ask for is a metric of the gateway with such labels."""
import json
import re
import subprocess

import pytest

from lab import ROOT, binary

MONITORING = ROOT / "etc/monitoring"
# What others than the gateway add: Prometheus itself, and its own metric.
FOREIGN = {"up"}
EVERYWHERE = {"instance", "job", "le"}


def listed():
    """{name of a series: its labels}"""
    out = subprocess.run([*binary(), "metrics"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in out.splitlines():
        name, kind, labels, _ = line.split("\t")
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + suffix] = set() if labels == "-" else set(labels.split(", "))
    return found


def expressions(value):
    """All expressions in a document of nested lists and dicts."""
    if isinstance(value, dict):
        for k, v in value.items():
            if k in ("expr", "query") and isinstance(v, str):
                yield v
            else:
                yield from expressions(v)
    elif isinstance(value, list):
        for v in value:
            yield from expressions(v)


def selectors(text):
    """(name, labels that are asked for) of each series in an expression."""
    for name, labels in re.findall(r"\b((?:radsecgw|process)_\w+|up\b)(?:\{([^}]*)\})?", text):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels))


def check(texts):
    known = listed()
    seen = set()
    for text in texts:
        for name, labels in selectors(text):
            seen.add(name)
            assert name in known or name in FOREIGN, name
            assert labels <= known.get(name, set()) | EVERYWHERE, (name, labels)
        of = set().union(EVERYWHERE, *(known.get(name, set()) for name, _ in selectors(text)))
        for group in re.findall(r"\bby \(([^)]*)\)", text):
            assert {g.strip() for g in group.split(",")} <= of, text
    return seen


def promtool(*words, **more):
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_configuration():
    promtool("check", "config", MONITORING / "prometheus.yml")


def test_alerts_come_when_they_must():
    promtool("test", "rules", ROOT / "tests/e2e/rules_test.yml")


def test_each_alert_is_tested():
    rules = (MONITORING / "radsecgw.rules.yml").read_text()
    tests = (ROOT / "tests/e2e/rules_test.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert len(alerts) == len(set(alerts)) > 10
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n +exp_alerts:", tests), alert


def test_alerts_ask_for_metrics_that_exist():
    text = re.sub(r"#.*", "", (MONITORING / "radsecgw.rules.yml").read_text())
    found = re.findall(r"expr: (.*?)\n(?=        (?:for|labels))", text, re.S)
    assert len(found) == text.count("- alert:")
    assert len(check(found)) > 10


def test_dashboard_asks_for_metrics_that_exist():
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    panels = dashboard["panels"]
    assert len({p["id"] for p in panels}) == len(panels) > 10
    assert all(list(expressions(p)) for p in panels)
    asked = [e for e in expressions(dashboard) if "radsecgw" in e or "process_" in e]
    assert len(check(re.sub(r"label_values\(|, instance\)", " ", e) for e in asked)) > 15
    at = set()
    for p in panels:
        g = p["gridPos"]
        cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
        assert not cells & at and g["x"] + g["w"] <= 24, p["title"]
        at |= cells


@pytest.mark.parametrize("text", ["radsecgw_peers_up", "radsecgw_peer_up{pear=\"x\"}", "sum by (pear) (radsecgw_peer_up)"])
def test_the_test_finds_what_is_not_there(text):
    with pytest.raises(AssertionError):
        check([text])
