#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at the manifests of docker/ without running them: kustomize makes them, the gateway reads their configuration,
and each container of the gateway is as restricted as it can be.

usage: tests/containers/manifests.py RADSECGW
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
totals = {"passed": 0, "failed": 0}


def check(what, good, why=""):
    totals["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}: {why}")


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False, cwd=ROOT, **more)


def restricted(where, container, pod):
    context = container.get("securityContext", {})
    profile = {**pod.get("securityContext", {}), **context}.get("seccompProfile", {})
    check(f"{where}: the root is read-only", context.get("readOnlyRootFilesystem") is True, context)
    check(f"{where}: all capabilities are dropped", context.get("capabilities") == {"drop": ["ALL"]}, context)
    check(f"{where}: no new privileges", context.get("allowPrivilegeEscalation") is False, context)
    check(f"{where}: it runs as nobody", context.get("runAsUser") == 65534, context)
    check(f"{where}: memory has a limit", "memory" in container.get("resources", {}).get("limits", {}), container)
    return profile


def probes(where, container):
    """The image has no shell, so a probe is the program itself."""
    for probe in ("readinessProbe", "livenessProbe"):
        command = container.get(probe, {}).get("exec", {}).get("command", [""])
        check(f"{where}: {probe} is the program itself", command[0] == "/usr/sbin/radsecgw", command)


def mounts(where, container, pod):
    names = {v["name"] for v in pod.get("volumes", [])}
    wanted = {m["name"] for m in container.get("volumeMounts", [])}
    check(f"{where}: each volume that is mounted is there", wanted <= names, wanted - names)


def selected(where, things):
    """Budget, policy and service are about the pods of the deployment."""
    labels = things["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    for kind, selector in (("PodDisruptionBudget", things["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
                           ("NetworkPolicy", things["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]),
                           ("Service", things["Service"]["spec"]["selector"])):
        check(f"{where}: {kind} selects the pods", selector and selector.items() <= labels, selector)


def ports(where, things, container):
    declared = {p["name"] for c in things["Deployment"]["spec"]["template"]["spec"]["containers"] for p in c.get("ports", [])}
    for port in things["Service"]["spec"]["ports"]:
        check(f"{where}: the port {port['targetPort']} of the service is a container's", port["targetPort"] in declared)
    open_ports = {p["port"] for rule in things["NetworkPolicy"]["spec"]["ingress"] for p in rule["ports"]}
    for port in container.get("ports", []):
        check(f"{where}: the policy lets {port['containerPort']} in", port["containerPort"] in open_ports, open_ports)


def configuration(where, radsecgw, text, secrets):
    """What the pod mounts is here in another place."""
    with tempfile.TemporaryDirectory() as folder:
        ini = pathlib.Path(folder) / "radsecgw.ini"
        ini.write_text(text.replace("/run/secrets/radsecgw/gateway.", f"{secrets}/gateway.example.org.")
                       .replace("/run/secrets/radsecgw", str(secrets)))
        done = run(*radsecgw, "check", "-c", ini)
        check(f"{where}: the gateway understands its configuration", done.returncode == 0, done.stdout + done.stderr)


def kustomization(name, radsecgw, secrets, yaml):
    made = run("kubectl", "kustomize", f"docker/kubernetes/{name}")
    check(f"{name}: kustomize makes it", made.returncode == 0, made.stderr)
    if made.returncode != 0:
        return
    things = {t["kind"]: t for t in yaml.safe_load_all(made.stdout)}
    pod = things["Deployment"]["spec"]["template"]["spec"]
    container = next(c for c in pod["containers"] if c["name"] == "radsecgw")
    profile = restricted(name, container, pod)
    check(f"{name}: seccomp is the runtime's", profile == {"type": "RuntimeDefault"}, profile)
    check(f"{name}: no token of the cluster", pod.get("automountServiceAccountToken") is False)
    probes(name, container)
    mounts(name, container, pod)
    selected(name, things)
    ports(name, things, container)
    configuration(name, radsecgw, things["ConfigMap"]["data"]["radsecgw.ini"], secrets)
    budget, replicas = things["PodDisruptionBudget"]["spec"]["minAvailable"], things["Deployment"]["spec"]["replicas"]
    check(f"{name}: the budget lets one pod go", budget == replicas - 1, budget)


def compose(yaml):
    services = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    for name in ("radsecgw", "elsewhere"):
        s = services[name]
        check(f"compose: {name} is restricted", s.get("read_only") is True and s.get("cap_drop") == ["ALL"] and
              s.get("security_opt") == ["no-new-privileges"] and s.get("mem_limit") == "32m", s)
    for name, s in services.items():
        file = s.get("build", {}).get("dockerfile")
        check(f"compose: {name} has an image that is made here", file is None or (ROOT / file).exists(), file)


def main():
    radsecgw = sys.argv[1].split()
    try:
        import yaml
    except ImportError:
        print("skipped: there is no python3-yaml\n1 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        secrets = pathlib.Path(folder) / "secrets"
        run("docker/try-secrets.sh", secrets)
        if shutil.which("kubectl"):
            kustomization("sidecar", radsecgw, secrets, yaml)
            kustomization("front", radsecgw, secrets, yaml)
        else:
            print("skipped: there is no kubectl")
        for container in (pod := yaml.safe_load((ROOT / "docker/pod.yaml").read_text())["spec"])["containers"]:
            if container["name"] != "freeradius":
                restricted(f"pod, {container['name']}", container, pod)
                mounts(f"pod, {container['name']}", container, pod)
        compose(yaml)
    print(f"{totals['passed']} passed, {totals['failed']} failed")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
