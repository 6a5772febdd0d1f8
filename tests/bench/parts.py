# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks share: the load tools as processes, gateways and radsecproxy set up for measuring, and
what the system knows about a process."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from lab import HOME_SECRET, NAS_SECRET, Gateway, Process, tcp_open, wait_for  # noqa: E402

RADSECPROXY = "/usr/sbin/radsecproxy"


def allow_files():
    """Programs started from here may have as many descriptors as the system allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# ---- processes

def cpu_seconds(pid):
    """User and system time so far, of all threads, ended ones too; None = it is no more."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid() makes of it
    except OSError:
        return None


def busy_seconds():
    """What all programs together have had of the processors."""
    fields = [int(v) for v in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """KiB: resident, proportional and private dirty memory, and threads."""
    rows = dict(line.split(":", 1) for line in
                pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    size = {k: int(v.split()[0]) for k, v in rows.items()}
    threads = len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))
    return {"rss": size["Rss"], "pss": size["Pss"], "dirty": size["Private_Dirty"], "threads": threads}


def most_memory(pid):
    """KiB: the most that was resident so far."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def inside_namespace():
    """Runs this program again in a network of its own."""
    if os.environ.get("RADSECGW_BENCH_INSIDE"):
        return
    script = 'ip link set lo up && exec "$0" "$@"'
    os.environ["RADSECGW_BENCH_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", script, sys.executable, *sys.argv])


def is_alive(process):
    return process.popen.poll() is None


class Tool(Process):
    """One of the load tools: it prints JSON when it ends."""

    def __init__(self, lab, name, *words, low=False):
        program = lab.tools / words[0]
        serial = sum(p.name.startswith(name) for p in lab.processes)
        # A storm must not win because it takes the processor away from what it attacks.
        argv = (["/usr/bin/nice", "-n", "10"] if low else []) + [program, *words[1:]]
        super().__init__(lab, f"{name}-{serial}", argv)

    def result(self):
        lines = [line for line in self.log().splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"{self.name} has no result: {self.log()}")
        return json.loads(lines[-1])

    def end(self):
        """Ends it and returns its result."""
        self.stop()
        return self.result()


class Home(Tool):
    """A home server that says yes at once."""

    def __init__(self, lab):
        self.auth, self.acct, self.secret = lab.port(), lab.port(), HOME_SECRET
        super().__init__(lab, "home", "respond", "--listen", f"127.0.0.1:{self.auth},127.0.0.1:{self.acct}",
                         "--secret", self.secret)
        self.wait_log("^ready")


def load(lab, port, *words, secret=NAS_SECRET, seconds=60):
    """Runs load to its end and returns its result."""
    tool = Tool(lab, "load", "load", "--target", f"127.0.0.1:{port}", "--secret", secret, *words)
    tool.wait(seconds + 30)
    return tool.result()


# ---- what is measured

def inner_conf(lab, pki, home, name, gateway="", listen=""):
    """radsecgw as a RADIUS/TLS server: a peer that is served, and one that misbehaves."""
    port = lab.port()
    conf = lab.write(name, f"""\
[gateway]
{gateway}

[tls lab]
certificate = {pki}/localhost.pem
key = {pki}/localhost.key
ca = {pki}/ca.pem

[listen radsec]
tls = 127.0.0.1:{port}
profile = lab
{listen}

[peer visitor]
accept = yes
name = gateway.test
tls = lab

[peer storm]
accept = yes
name = storm.test
tls = lab
max-connections = 10000

[server home]
auth = 127.0.0.1:{home.auth}
acct = 127.0.0.1:{home.acct}
secret = {home.secret}

[realm *]
pool = home
""")
    return conf, port


def start_inner(lab, binary, pki, home, gateway="", listen=""):
    conf, port = inner_conf(lab, pki, home, f"inner-{len(lab.processes)}.ini", gateway, listen)
    inner = Gateway(lab, f"inner-{len(lab.processes)}", [binary, "run", "-c", conf])
    inner.port = port
    inner.wait_log(" started: ")
    return inner


def start_outer(lab, binary, pki, port):
    """radsecgw between the NAS and the port; lab.auth and lab.acct are for the NAS."""
    auth, acct = lab.port(), lab.port()
    conf = lab.write(f"outer-{len(lab.processes)}.ini", f"""\
[tls lab]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca.pem

[listen local]
udp = 127.0.0.1:{auth}, 127.0.0.1:{acct}

[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}

[peer national]
connect = localhost:{port}
tls = lab
connections = 1-4

[realm *]
pool = national
""")
    outer = Gateway(lab, f"outer-{len(lab.processes)}", [binary, "run", "-c", conf])
    outer.auth, outer.acct = auth, acct
    outer.wait_log(" connection-up: ")
    return outer


def start_radsecproxy(lab, pki, home, log="LogLevel 3", wait=True):
    """Debian's radsecproxy as a RADIUS/TLS server for all of 127.0.0.0/8."""
    port = lab.port()
    name = f"radsecproxy-{len(lab.processes)}"
    conf = lab.write(f"{name}.conf", f"""\
ListenTLS 127.0.0.1:{port}
{log}
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/localhost.pem
    CertificateKeyFile {pki}/localhost.key
}}
client gateway {{
    host 127.0.0.0/8
    type tls
    tls default
    secret radsec
    certificateNameCheck off
}}
server home-auth {{
    host 127.0.0.1
    port {home.auth}
    type udp
    secret {home.secret}
}}
server home-acct {{
    host 127.0.0.1
    port {home.acct}
    type udp
    secret {home.secret}
}}
realm * {{
    server home-auth
    accountingServer home-acct
}}
""")
    proxy = Process(lab, name, [RADSECPROXY, "-f", "-c", conf])
    proxy.port = port
    if wait:
        wait_for(f"{name} listens", lambda: tcp_open(port))
    return proxy


# ---- results

def median(values):
    return statistics.median(values)


def spread(values):
    """Largest minus smallest, as a share of the median."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def mid(runs, key):
    """Median over the runs of what has this name; None if a run has none."""
    values = [run[key] for run in runs]
    return None if None in values else median(values)


def number(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def with_spread(runs, key, digits):
    """Median, least and most."""
    values = [run[key] for run in runs if run[key] is not None]
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(runs, base, key):
    """Ratio of the medians, and the least and the most of the ratios of two runs of the same round."""
    pairs = [(a[key], b[key]) for a, b in zip(runs, base)]
    if not pairs or any(a is None or not b for a, b in pairs):
        return "-"
    each = [a / b for a, b in pairs]
    whole = median([a for a, _ in pairs]) / median([b for _, b in pairs])
    return f"{whole:.2f} ({min(each):.2f}-{max(each):.2f})" if len(each) > 1 else f"{whole:.2f}"


def turned(names, by):
    """The same names, beginning with another one."""
    by %= len(names)
    return names[by:] + names[:by]


def say(text):
    print(text, file=sys.stderr, flush=True)


def table(head, rows):
    """Columns as wide as they need to be; numbers to the right."""
    cells = [[str(c) for c in row] for row in [head, *rows]]
    left = [i == 0 or not any(c.isdigit() for row in cells[1:] for c in row[i]) for i in range(len(head))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) if left[i] else c.rjust(w)
                        for i, (c, w) in enumerate(zip(row, widths))).rstrip(), flush=True)


def about(*binaries):
    """Where and with what this was measured."""
    versions = [subprocess.run([b, "--version"], capture_output=True, text=True).stdout.strip() for b in binaries]
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return {"versions": versions, "cpu": cpu, "cores": os.cpu_count(), "kernel": os.uname().release}


def save(path, data):
    if path:
        pathlib.Path(path).write_text(json.dumps(data, indent=1) + "\n")
