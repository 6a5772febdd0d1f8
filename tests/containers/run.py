#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the images of docker/ and runs them with podman, as root: alone, in a pod with FreeRADIUS, and with compose.
Ends with one line: how many checks passed and how many failed.

usage: tests/containers/run.py [--keep] [--reuse]

Images, containers and networks are in build/containers and in nobody else's storage; --keep leaves them there, --reuse
takes the images that are there.
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from guide import is_printed, steps  # noqa: E402

BUILD = ROOT / "build"
HERE = BUILD / "containers"
BASE = "docker.io/library/debian:bookworm-slim"
GATEWAY, RADIUS = "localhost/radsecgw:latest", "localhost/radsecgw-freeradius:latest"
# What the images are built from; built libraries of this machine are used if they are there.
LIBRARIES = ("wolfssl-source", "wolfssl-musl-medium", "microhttpd-source", "microhttpd-musl", "musl-source", "musl")
RESTRICTED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "32m",
              "--memory-swap", "32m", "--pids-limit", "16")
totals = {"passed": 0, "failed": 0}


def run(*argv, check=True, **more):
    done = subprocess.run([str(a) for a in argv], cwd=ROOT, capture_output=True, text=True, errors="replace", **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done


def podman(*argv, **more):
    return run("podman", *argv, **more)


def check(what, good, why=""):
    totals["passed" if good else "failed"] += 1
    print(f"  {'ok  ' if good else 'FAIL'} {what}{'' if good or not why else f': {why}'}", flush=True)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


# ---- what is needed

def reason_to_skip():
    if os.getuid() != 0:
        return "containers are run as root here"
    missing = [tool for tool in ("podman", "buildah", "runc", "mmdebstrap") if not shutil.which(tool)]
    return f"there is no {', '.join(missing)}; 'etc/build/deps.sh containers' installs what is needed" if missing else ""


def prepare():
    """A storage of our own, and settings with which containers also run inside of a container."""
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / "containers.conf").write_text("""\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[network]
network_backend = "netavark"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
""")
    (HERE / "storage.conf").write_text(f"""\
[storage]
driver = "overlay"
graphroot = "{HERE}/store"
runroot = "{HERE}/run"
""")
    os.environ["CONTAINERS_CONF"] = str(HERE / "containers.conf")
    os.environ["CONTAINERS_STORAGE_CONF"] = str(HERE / "storage.conf")


def leave_network():
    """From here on everything runs in a network of its own: podman's bridges, rules and forwarding end with it."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise RuntimeError(f"no network of its own: {os.strerror(ctypes.get_errno())}")
    run("ip", "link", "set", "lo", "up")


def mirror():
    """The mirror of Debian that this machine uses."""
    out = run("apt-get", "--print-uris", "update", check=False).stdout
    found = [line.split("'")[1].split("/dists/")[0] for line in out.splitlines() if "/dists/bookworm/InRelease" in line]
    return found[0] if found else "http://deb.debian.org/debian"


def base_image():
    """What the registry would give, made from Debian's packages."""
    if podman("image", "exists", BASE, check=False).returncode == 0:
        return
    root = HERE / "root.tar"
    if not root.exists():
        run("mmdebstrap", "--variant=minbase", "bookworm", root, mirror())
    podman("import", root, BASE)


def build_images():
    started = time.monotonic()
    volumes = []
    for name in LIBRARIES:
        if (BUILD / name).is_dir():
            volumes += ["--volume", f"{BUILD / name}:/src/build/{name}"]
    version = run("git", "describe", "--tags", "--always", check=False).stdout.strip() or "unknown"
    for image, file, more in ((GATEWAY, "docker/Containerfile", volumes),
                              (RADIUS, "docker/freeradius/Containerfile", []),
                              (GATEWAY.replace("latest", "debian"), "docker/Containerfile.debian", [])):
        podman("build", "--format", "docker", "--network", "host", "--pull=never", "--build-arg", f"VERSION={version}",
               *more, "-f", file, "-t", image, ".")
        check(f"{file} builds ({time.monotonic() - started:.0f} s so far)", True)


# ---- the image

def look_at_image():
    image = json.loads(podman("image", "inspect", GATEWAY).stdout)[0]
    config, size = image["Config"], image["Size"]
    check(f"the image has {size / 1e6:.2f} MB, at most 2", size <= 2_000_000)
    check("it runs as nobody", config["User"] == "65534:65534", config["User"])
    version = config["Labels"].get("org.opencontainers.image.version")
    check("it has labels", version, config["Labels"])
    check("its health is asked with ping", "ping" in str(image.get("Healthcheck")))
    name = podman("create", GATEWAY).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        podman("export", "-o", f"{folder}/image.tar", name)
        names = run("tar", "tf", f"{folder}/image.tar").stdout.split()
    podman("rm", name)
    files = {n for n in names if not n.endswith("/") and n.split("/")[0] not in ("dev", "proc", "sys")}
    others = files - {"usr/sbin/radsecgw", "etc/radsecgw/radsecgw.ini", "etc/hosts", "etc/hostname", "etc/resolv.conf",
                      "run/.containerenv"}
    check("it has the program and its configuration, and no shell", not others, others)
    said = podman("run", "--rm", GATEWAY.replace("latest", "debian"), "--version").stdout
    shell = podman("run", "--rm", "--entrypoint", "/bin/sh", GATEWAY.replace("latest", "debian"), "-c", "echo here").stdout
    check("the image on Debian has the same program, and a shell", version in said and shell == "here\n", said + shell)


def run_by_environment(secrets):
    """The common case: no configuration but variables and files of secrets."""
    def start(name, *variables):
        podman("run", "-d", "--name", name, *RESTRICTED, "-v", f"{secrets}:/run/secrets:ro", "--network", "none",
               "-e", "RADSECGW_PEER=127.0.0.1", "-e", "RADSECGW_CLIENT=127.0.0.1",
               "-e", "RADSECGW_CERTIFICATE=/run/secrets/gateway.example.org.pem",
               "-e", "RADSECGW_KEY=/run/secrets/gateway.example.org.key", *variables, GATEWAY)
    start("lost")
    said = wait_for(lambda: "no pool can be used: upstream" in podman("exec", "lost", "radsecgw", "ping", check=False).stderr)
    check("its health says that the peer cannot be asked", said)
    podman("rm", "-f", "lost")
    start("alone", "-e", "RADSECGW_READY_REQUIRES=none")
    good = wait_for(lambda: podman("healthcheck", "run", "alone", check=False).returncode == 0)
    check("a container of variables alone becomes healthy, without root, capabilities or a place to write", good,
          podman("logs", "alone", check=False).stderr)
    podman("exec", "alone", "radsecgw", "drain")
    check("its health flips when it is drained", podman("healthcheck", "run", "alone", check=False).returncode != 0)
    podman("exec", "alone", "radsecgw", "resume")
    check("and flips back", podman("healthcheck", "run", "alone", check=False).returncode == 0)
    end_gently("alone")
    podman("rm", "-f", "alone")


def end_gently(name):
    started = time.monotonic()
    podman("stop", "-t", "15", name)
    state = json.loads(podman("inspect", name).stdout)[0]["State"]
    check(f"{name} ends by SIGTERM with 0 ({time.monotonic() - started:.1f} s)", state["ExitCode"] == 0, state)


# ---- logins

def login(container, where, user, secret="/run/secrets/radsecgw/radius.secret", password="hello"):
    """What radclient in the container of FreeRADIUS hears."""
    done = podman("exec", "-i", container, "radclient", "-x", "-t", "5", "-r", "2", "-S", secret, where, "auth", check=False,
                  input=f"User-Name={user},User-Password={password},Message-Authenticator=0x00\n")
    return done.stdout + done.stderr


def both_ways(container, radius, elsewhere):
    heard = wait_for(lambda: (o := login(container, elsewhere, "bob@example.org")) and "Access-Accept" in o and o)
    check("an own user logs in elsewhere: UDP, TLS, UDP", heard and "you are at home" in heard, heard)
    heard = login(container, radius, "alice@example.net")
    check("somebody from elsewhere logs in here: FreeRADIUS, UDP, TLS, UDP", "your home is far away" in heard, heard)
    heard = login(container, radius, "alice@example.net", password="wrong")
    check("a wrong password is refused by the server over there", "Access-Reject" in heard, heard)


def pod(secrets):
    text = (ROOT / "docker/pod.yaml").read_text().replace("@docker@", str(ROOT / "docker")).replace("@secrets@", str(secrets))
    podman("play", "kube", "-", input=text)
    check("the pod starts", True)
    both_ways("radius-freeradius", "127.0.0.1:1812", "127.0.0.1:21812")
    limit = json.loads(podman("inspect", "radius-radsecgw").stdout)[0]["HostConfig"]["Memory"]
    check("the gateway lives within 32 MiB", limit == 32 << 20, limit)
    health = podman("exec", "radius-radsecgw", "/usr/sbin/radsecgw", "ping", "-c", "/etc/radsecgw/conf/example-org.ini",
                    check=False)
    check("the probe of a pod works in the image", health.returncode == 0, health.stderr)
    drain()


def drain():
    """A request that is open when SIGTERM comes is finished first."""
    pid = json.loads(podman("inspect", "radius-freeradius").stdout)[0]["State"]["Pid"]
    if not pid:
        raise RuntimeError("FreeRADIUS does not run: " + podman("logs", "radius-freeradius", check=False).stdout)
    os.kill(pid, signal.SIGSTOP)
    asker = subprocess.Popen(["podman", "exec", "-i", "radius-freeradius", "radclient", "-t", "60", "-r", "1", "-S",
                              "/run/secrets/radsecgw/radius.secret", "127.0.0.1:21812", "auth"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    asker.stdin.write("User-Name=bob@example.org,User-Password=hello,Message-Authenticator=0x00\n")
    asker.stdin.close()
    status = ("exec", "radius-radsecgw", "/usr/sbin/radsecgw", "status", "servers", "--json", "-c",
              "/etc/radsecgw/conf/example-org.ini")
    is_open = wait_for(lambda: '"requests":1' in podman(*status, check=False).stdout.replace(" ", ""), 20)
    podman("kill", "--signal", "TERM", "radius-radsecgw")
    stopping = wait_for(lambda: "stopping" in podman("logs", "radius-radsecgw").stderr +
                        podman("logs", "radius-radsecgw").stdout, 8)
    os.kill(pid, signal.SIGCONT)
    heard = asker.stdout.read()
    asker.wait()
    check("a request that is open at SIGTERM is answered", is_open and stopping and "Access-Accept" in heard,
          f"open: {is_open}, stopping: {stopping}\n{heard}")
    gone = lambda: not json.loads(podman("inspect", "radius-radsecgw").stdout)[0]["State"]["Running"]
    wait_for(gone, 15)
    code = json.loads(podman("inspect", "radius-radsecgw").stdout)[0]["State"]["ExitCode"]
    check("and then the gateway has ended with 0", gone() and code == 0, code)


def compose(secrets):
    if not shutil.which("podman-compose"):
        print("  skipped: compose.yaml, since there is no podman-compose")
        return
    env = {**os.environ, "SECRETS": str(secrets)}
    argv = ("podman-compose", "-f", "docker/compose.yaml")
    try:
        run(*argv, "up", "-d", "--no-build", env=env)
        check("compose brings everything up", True)
        both_ways("radsecgw-freeradius", "localhost:1812", "elsewhere:1812")
    finally:
        run(*argv, "down", "-t", "2", env=env, check=False)


def guide(home):
    """etc/doc/guide-container.md, from its own text."""
    if not shutil.which("podman-compose"):
        print("  skipped: the guide, since there is no podman-compose")
        return
    found = list(steps("guide-container.md"))
    for n, (kind, what) in enumerate(found):
        if kind != "sh":
            continue
        expected = found[n + 1][1] if n + 1 < len(found) and found[n + 1][0] == "text" else ""

        def typed(what=what.rstrip(), expected=expected):
            if said:
                what = re.split(r"\n(?=\S)", what)[-1]
            done = run("sh", "-c", what, check=False, env={**os.environ, "HOME": str(home)})
            good = done.returncode == 0 and is_printed(expected, done.stdout + done.stderr)
            said.append(done.stdout + done.stderr)
            return good

        said = []
        # A person would look again for a moment.
        good = typed() or ("exec" in what and wait_for(typed))
        check(f"the guide: {what.splitlines()[-1].strip()[:90]}", good, "\n".join([*said[-1:], "must print:", expected]))


def tidy():
    podman("pod", "rm", "-f", "-a", check=False)
    podman("rm", "-f", "-a", "-t", "0", check=False)
    podman("network", "prune", "-f", check=False)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--keep", action="store_true")
    args.add_argument("--reuse", action="store_true")
    args = args.parse_args()
    why = reason_to_skip()
    if why:
        print(f"skipped: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    prepare()
    try:
        tidy()
        if not args.reuse:
            base_image()
            build_images()
        leave_network()
        look_at_image()
        with tempfile.TemporaryDirectory() as folder:
            secrets = pathlib.Path(folder) / "secrets"
            run("docker/try-secrets.sh", secrets)
            os.chmod(folder, 0o711)
            os.chmod(secrets, 0o711)
            run_by_environment(secrets)
            pod(secrets)
            tidy()
            compose(secrets)
            tidy()
            home = pathlib.Path(folder) / "home"
            home.mkdir(mode=0o711)
            guide(home)
    except RuntimeError as error:
        check("what podman was asked to do", False, error)
    finally:
        if not args.keep:
            tidy()
    print(f"{totals['passed']} passed, {totals['failed']} failed")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
