# SPDX-License-Identifier: GPL-2.0-or-later
"""What table.py measures beside the cost of requests: start, memory, handshakes, large configurations, workers."""
import contenders
import memory
import parts
from contenders import FLOOR, INBOUND, LEAN, OUTBOUND, RADSECPROXY, SYSTEM

VISITS = 64            # visitors at a time
IDLE = {True: 200, False: 500}
WORKERS = [1, 2]
ADDRESSES = 64         # requests come from so many: whose address it is decides about the worker
SMALL = (contenders.SMALL, [])
# What is large, and the small case to compare it with. Answers to one port leave together, so beside 10,000 ports
# stand as many as there are requests in flight: there, too, each has a port of its own.
LARGE = {
    "200 ports": ((contenders.SMALL, ["--sources", 200]), SMALL, (LEAN, SYSTEM, RADSECPROXY, FLOOR)),
    "10,000 ports, to 200": ((contenders.SMALL, ["--sources", 10000]), (contenders.SMALL, ["--sources", 200]),
                             (LEAN, SYSTEM, RADSECPROXY, FLOOR)),
    "10,000 realms, 1,000 peers": ((contenders.Shape(10000, 1000), []), SMALL, (LEAN, SYSTEM, RADSECPROXY)),
}


def compared(by_name, key, digits, base):
    """Cells for a table: values with their spread, and ratios."""
    return {name: [parts.with_spread(runs, key, digits), "" if name == base else parts.ratio(runs, by_name[base], key)]
            for name, runs in by_name.items()}


# ---- start

def start(field, args, results, measure):
    """How long each start has taken; with the few more runs if nothing else was measured."""
    found = {d: {name: [] for name in args.against} for d in args.directions}
    for (direction, _, _), by_name in results.items():
        for name, runs in by_name.items():
            found[direction][name] += runs
    for number in range(args.rounds if not results else 0):
        for direction, by_name in found.items():
            for name in parts.turned(args.against, number):
                process = field.start(name, direction)
                by_name[name].append({"start_ms": process.start_ms, "idle": parts.memory(process.pid)})
                process.stop()
    base = args.against[0]
    rows = []
    for direction, by_name in found.items():
        columns = compared(by_name, "start_ms", 1, base)
        for name in args.against:
            rows.append([direction if name == base else "", name, *columns[name], len(by_name[name])])
    print("\nMilliseconds from the start of the process to its first answer (outbound: the connection comes up "
          "meanwhile)\nor until it listens (inbound)\n")
    parts.table(["", "contender", "ms", f"to {base}", "starts"], rows)
    return {d: {name: [run["start_ms"] for run in runs] for name, runs in by_name.items()}
            for d, by_name in found.items()}


# ---- memory

def loaded(results, name, direction):
    """The most memory that any run took."""
    sizes = [run["most_memory"] for (d, _, _), by_name in results.items() if d == direction
             for run in by_name.get(name, [])]
    return f"{max(sizes)}" if sizes else "-"


def idle_of(results, name, direction):
    return [run["idle"] for (d, _, _), by_name in results.items() if d == direction
            for run in by_name.get(name, [])]


def memory_of(field, args, results, measure):
    n = IDLE[args.quick]
    each = {name: [] for name in args.against}
    for number in range(1 if args.quick else 2):
        for name in parts.turned(args.against, number):
            each[name].append(memory.measure(field.lab, field.pki, lambda name=name: field.start(
                name, INBOUND, gateway=contenders.OPEN), n))
            parts.say(f"memory: {name} {each[name][-1]['rss_each']:.1f} KiB for each connection")
    base = args.against[0]
    columns = compared(each, "rss_each", 1, base)
    rows = []
    for name in args.against:
        idle = {d: idle_of(results, name, d) for d in args.directions}
        fresh = [f"{parts.mid(idle[d], 'rss'):.0f}" if idle.get(d) else "-" for d in (OUTBOUND, INBOUND)]
        rows.append([name, *fresh, *(loaded(results, name, d) for d in (OUTBOUND, INBOUND)), *columns[name],
                     f"{parts.mid(each[name], 'dirty_each'):.1f}",
                     f"{parts.median([run['full']['threads'] for run in each[name]]):.0f}"])
    print(f"\nResident KiB: after the start, the most under any load above, and for each of {n} idle TLS connections\n")
    parts.table(["contender", "outbound", "inbound", "most, outbound", "inbound", "each connection", f"to {base}",
                 "private", "threads then"], rows)
    return each


# ---- handshakes

def visit(field, args, name, pki):
    process = field.start(name, INBOUND, gateway=contenders.OPEN, pki=pki)
    storm = parts.Tool(field.lab, "storm", "storm", "--target", f"127.0.0.1:{process.port}", "--pki", pki, "--pid",
                       process.pid, "--time", 1 if args.quick else 2, "--addresses", 1, "visit", VISITS)
    storm.wait(60)
    result = storm.result()
    process.popen.kill()
    process.popen.wait()
    done = result["done"]
    return {"per_second": done / result["seconds"], "cpu_us": result["cpu_us"] / done if done else None,
            "storm": result}


def handshakes(field, args, results, measure):
    base = args.against[0]
    names = ("localhost", "gateway.test", "storm.test")
    found = {"ECDSA P-256": field.pki, "RSA 2048": contenders.rsa_pki(field.lab, names)}
    rows = []
    for kind, pki in list(found.items()):
        by_name = {name: [] for name in args.against}
        for number in range(args.rounds):
            for name in parts.turned(args.against, number):
                by_name[name].append(visit(field, args, name, pki))
        cpu, speed = compared(by_name, "cpu_us", 0, base), compared(by_name, "per_second", 0, base)
        for name in args.against:
            rows.append([kind if name == base else "", name, *cpu[name], *speed[name]])
        found[kind] = by_name
        parts.say(f"handshakes: {kind}")
    print(f"\nTLS connections served in turn: {VISITS} visitors at a time, each with one Status-Server, certificates "
          "on both\nsides. The visitor pays about as much as the lean gateway, on another processor.\n")
    parts.table(["certificates", "contender", "CPU us each", f"to {base}", "per second", f"to {base}"], rows)
    return found


# ---- large

def large(field, args, results, measure):
    """The same with many ports or many sections, beside the small case, in turn."""
    rows, found = [], {}
    for what, (large_case, small_case, names) in LARGE.items():
        names = [name for name in args.against if name in names]
        runs = {name: {"small": [], "large": []} for name in names}
        for number in range(args.rounds):
            for name in parts.turned(names, number):
                for size in parts.turned(["small", "large"], number):
                    runs[name][size].append(measure(field, args, name, OUTBOUND, "pap", "200",
                                                    *(large_case if size == "large" else small_case)))
        for name in names:
            small, big = runs[name]["small"], runs[name]["large"]
            for run in small + big:
                run["idle_rss"] = run["idle"]["rss"]
            rows.append([what if name == names[0] else "", name, parts.with_spread(big, "cpu_us", 2),
                         parts.ratio(big, small, "cpu_us"), parts.ratio(big, small, "per_second"),
                         f"{parts.mid(big, 'unanswered') * 100:.2f} %", parts.with_spread(big, "start_ms", 0),
                         parts.ratio(big, small, "start_ms"), f"{parts.mid(big, 'idle_rss'):.0f}",
                         parts.ratio(big, small, "idle_rss"), f"{max(r['most_memory'] for r in big)}"])
        found[what] = runs
        parts.say(f"large: {what}")
    print("\nOutbound, PAP, 200 in flight: requests from many ports in turn, and large configurations, compared with "
          "a\nsmall case of the same contender (2 ports unless it says otherwise, one realm, one peer)\n")
    parts.table(["", "contender", "CPU us", "to small", "requests/s to small", "unanswered", "start ms", "to small",
                 "KiB idle", "to small", "KiB most"], rows)
    return found


# ---- workers

def workers(field, args, results, measure):
    """The same with one worker and with two, in turn."""
    rows, found = [], {}
    more = ["--addresses", ADDRESSES, "--sources", ADDRESSES]
    for pace in ("200", "1000", f"{args.rate}/s") if LEAN in args.against else ():
        runs = {n: [] for n in WORKERS}
        for number in range(args.rounds):
            for n in parts.turned(WORKERS, number):
                run = measure(field, args, LEAN, OUTBOUND, "pap", pace, contenders.Shape(workers=n), more)
                run["tools_share"] = run["load_share"] + run["responder_share"]
                runs[n].append(run)
        speed, cpu = compared(runs, "per_second", 0, 1), compared(runs, "cpu_us", 2, 1)
        for n in WORKERS:
            rows.append([pace if n == 1 else "", n, *speed[n], *cpu[n],
                         *(parts.number(parts.mid(runs[n], key), 2)
                           for key in ("p50_ms", "p99_ms", "cpu_share", "tools_share"))])
        found[pace] = runs
        parts.say(f"workers: {pace}")
    print(f"\nOutbound, PAP, {LEAN}: requests from {ADDRESSES} addresses to one worker or two. Load and responder need "
          "processors, too:\nwhere they leave none, more workers cannot show what they could do\n")
    parts.table(["in flight", "workers", "requests/s", "to 1", "CPU us", "to 1", "p50 ms", "p99 ms", "processors",
                 "of the tools"], rows)
    return found


PARTS = {"start": start, "memory": memory_of, "handshakes": handshakes, "large": large, "workers": workers}
