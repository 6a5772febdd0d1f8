#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What NASes and peers notice of reloads: 500 requests a second in each direction through three peers and two servers,
while the configuration changes twice a second. Exit status 1 if anything was lost, repeated or closed."""
import argparse
import json
import os
import sys

import parts
from churn import Churn, run
from lab import Lab, wait_for


def measure(workers, args):
    with Lab() as lab:
        churn = Churn(lab, workers)
        files = churn.files()
        before = run(churn, 0, args.before, args.rate)
        during = run(churn, args.reloads, args.seconds, args.rate)
        churn.base()
        wait_for("what the reloads needed to be closed", lambda: churn.files() <= files)
        return before, during, files, churn.files()


def say(workers, before, during, files):
    print(f"\n{workers} worker{'s' if workers > 1 else ''}")
    failed = bool(during["closed"])
    for name, calm, load in zip(("out", "in"), before["load"], during["load"]):
        bad = {k: load[k] for k in ("lost", "resent", "wrong", "twice", "rejected") if load[k]}
        failed |= bool(bad) or load["answered"] != load["sent"]
        print(f"  {name}: sent {load['sent']}, answered {load['answered']}, {bad or 'none lost or repeated'}; p50 "
              f"{calm['p50_us']} -> {load['p50_us']} us, p99 {calm['p99_us']} -> {load['p99_us']} us, "
              f"max {calm['max_us']} -> {load['max_us']} us")
    ms = during["ms"]
    print(f"  reloads: {len(ms)}, median {ms[len(ms) // 2]:.1f} ms, longest {ms[-1]:.1f} ms")
    print(f"  connections of unchanged peers that ended: {len(during['closed'])}")
    print(f"  resident memory after the tenth and the last: {' -> '.join(map(str, during['kib']))} KiB")
    print(f"  descriptors before and after: {files[0]} -> {files[1]}")
    return failed


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--gateway", required=True)
    args.add_argument("--workers", type=int, nargs="*", default=[1, 3])
    args.add_argument("--reloads", type=int, default=200)
    args.add_argument("--seconds", type=int, default=100)
    args.add_argument("--before", type=int, default=20, help="seconds without reloads")
    args.add_argument("--rate", type=int, default=500)
    args.add_argument("--json", action="store_true")
    args = args.parse_args()
    os.environ["RADSECGW"] = os.path.abspath(args.gateway)
    parts.allow_files()
    failed = False
    for workers in args.workers:
        before, during, *files = measure(workers, args)
        failed |= say(workers, before, during, files)
        if args.json:
            print(json.dumps({"workers": workers, "before": before["load"], "during": during["load"]}))
    sys.exit(failed)


if __name__ == "__main__":
    main()
