# SPDX-License-Identifier: GPL-2.0-or-later
"""A guide of etc/doc as a test: its own text is carried out, block by block, by a shell of a machine that stands here.

Blocks of ```sh are typed as they are. A block of ```text behind one is what must be printed, line by line and in this
order, with `...` for anything. A comment <!-- meanwhile: ... --> stands for what others do. Blocks of ```sh install are
left out: the tests of the packages have them.

The machine has a network of its own, and what is written to its /etc, /run, /var and /root is gone with it. In place of
systemd there is a program that starts what a unit would start."""
import contextlib
import pathlib
import re
import socket
import subprocess

from lab import Process, binary, wait_for

DOC = pathlib.Path(__file__).resolve().parents[2] / "etc/doc"
SYSTEMCTL = """\
#!/bin/sh
# What `systemctl enable --now UNIT` and `restart` come to.
for unit; do :; done
case $unit in
radsecgw) set -- radsecgw run ;;
freeradius) set -- /usr/sbin/freeradius -f -l stdout ;;
hostapd@*) set -- {hostapd} "/etc/hostapd/${{unit#hostapd@}}.conf" ;;
*) echo "there is no unit $unit" >&2; exit 1 ;;
esac
"$@" >>"{folder}/$unit.log" 2>&1 &
echo $! >>"{folder}/pids"
"""


class Machine:
    def __init__(self, lab, address, others, names):
        """`address` is its own, in one network with the place `others`; `names` is what /etc/hosts says."""
        self.lab, self.folder = lab, lab.dir / "machine"
        self.folder.mkdir(mode=0o755)
        self.process = Process(lab, "machine", ["unshare", "--net", "--mount", "--propagation", "private", "sleep", "infinity"])
        own = pathlib.Path("/proc/self/ns/net").readlink()
        wait_for("the machine", lambda: pathlib.Path(f"/proc/{self.process.pid}/ns/net").readlink() != own)
        self.before = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", f"--mount=/proc/{self.process.pid}/ns/mnt"]
        self.run("ip", "link", "set", "lo", "up")
        others.run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", self.process.pid)
        others.run("ip", "link", "set", "uplink", "up")
        self.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.cover()
        hosts = f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {socket.gethostname()}\n" + "".join(f"{names[name]} {name}\n" for name in names)
        self.run("sh", "-c", "cat >/etc/hosts", input=hosts, text=True)
        self.run("mkdir", "-p", "/etc/radsecgw", "/etc/hostapd", "/run/radsecgw")
        self.programs()

    def run(self, *words, **more):
        return subprocess.run([*self.before, *map(str, words)], check=True, **more)

    def cover(self):
        layers = self.folder / "layers"
        layers.mkdir()
        self.run("mount", "-t", "tmpfs", "none", layers)
        for name in ("etc", "run", "var", "root"):
            self.run("mkdir", "-p", layers / name, layers / f"{name}-work")
            options = f"lowerdir=/{name},upperdir={layers}/{name},workdir={layers}/{name}-work"
            self.run("mount", "-t", "overlay", "none", f"/{name}", "-o", options)

    def programs(self):
        """What the shell finds before all others."""
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        hostapd = self.lab.write("machine/hostapd", "#!/bin/sh\n# The network of this machine is a cable.\n"
                                 "sed -i -E 's/^driver=.*/driver=wired/; /^(ssid|hw_mode|channel|wpa|wpa_key_mgmt|"
                                 "rsn_pairwise)=/d' \"$1\"\nexec /usr/sbin/hostapd -d \"$1\"\n")
        text = {"systemctl": SYSTEMCTL.format(folder=self.folder, hostapd=hostapd),
                "radsecgw": f"#!/bin/sh\nexec {' '.join(binary())} \"$@\"\n"}
        for name, script in text.items():
            self.lab.write(f"machine/bin/{name}", script)
            (self.bin / name).chmod(0o755)
        hostapd.chmod(0o755)

    def type(self, text):
        """Gives what a shell says to a block of the guide."""
        script = f"PATH={self.bin}:$PATH; export PATH; HOME=/root; cd /root\n{text}"
        return subprocess.run([*self.before, "sh", "-c", script], capture_output=True, text=True, timeout=120, check=False,
                              stdin=subprocess.DEVNULL)

    def log(self, unit):
        path = self.folder / f"{unit}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        pids = self.folder / "pids"
        for pid in pids.read_text().split() if pids.exists() else ():
            subprocess.run(["kill", pid], check=False, capture_output=True)
            wait_for(f"the end of {pid}", lambda pid=pid: not pathlib.Path(f"/proc/{pid}").exists())
        self.process.stop()


def steps(name):
    """(kind, text): what is typed ("sh"), what it must print ("text"), and what others do ("meanwhile")."""
    text = (DOC / name).read_text(encoding="utf-8")
    for block in re.finditer(r"^```([a-z ]+)\n(.*?)^```$|^<!-- meanwhile: (.*?) -->$", text, re.MULTILINE | re.DOTALL):
        if block[3]:
            yield "meanwhile", block[3]
        elif block[1] != "sh install":
            yield block[1], block[2]


def is_printed(expected, printed):
    """Are the lines there, one behind the other? Blanks stand for any number of blanks."""
    lines = iter(printed.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(r"\s+".join(map(re.escape, part.split(" "))) for part in line.split("..."))
        pattern = pattern.replace(r"\s+.*", ".*").replace(r".*\s+", ".*")
        if not any(re.fullmatch(pattern + r"\s*", found) for found in lines):
            return False
    return True


def follow(machine, name, others, patience=("status", "requests", "ping", "radtest", "eapol_test")):
    """Carries the guide out. Statuses are 0, except where the text speaks of another one. What shows how something
    stands is typed again for a while, as a person would."""
    text = (DOC / name).read_text(encoding="utf-8")
    found = list(steps(name))
    used = set()
    for n, (kind, what) in enumerate(found):
        if kind == "meanwhile":
            others[what]()
            used.add(what)
        if kind != "sh":
            continue
        expected = found[n + 1][1] if n + 1 < len(found) and found[n + 1][0] == "text" else ""
        after = text.split(what, 1)[1]
        spoken = re.match(r"```\n+[^`]*?ends\s+with\s+status (\d)", after, re.DOTALL)
        status = int(spoken[1]) if spoken else 0
        done = machine.type(what)

        def good():
            return done.returncode == status and is_printed(expected, done.stdout + done.stderr)

        def again():
            nonlocal done
            if not good():
                done = machine.type(what.rstrip().splitlines()[-1])
            return good()

        if any(word in what for word in patience):
            with contextlib.suppress(TimeoutError):
                wait_for("what the guide says", again, 30)
        assert good(), (f"{name}: {what}\nstatus {done.returncode}, must be {status}; must print:\n{expected}\n"
                        f"printed:\n{done.stdout}{done.stderr}\n{machine.log('radsecgw')[-3000:]}")
    assert used == set(others), "others do something that the guide does not mention"
