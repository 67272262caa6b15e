#!/usr/bin/env python3
"""Compares meshc-proxy with nginx, haproxy and Envoy in one interleaved run; ci/bench/README.md says how.

usage: ci/bench/proxy.py [--cycles 12] [--seconds 1] [--connections 64] [--only plain,mtls]
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import string
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIR = pathlib.Path("/tmp/meshc-bench")  # ci/bench/mesh names it
PORTS = {"nginx": (18180, 18543), "haproxy": (18181, 18544), "envoy": (18080, 18443), "meshc-proxy": (18182, 18545)}
CLIENT = {name: 18600 + at for at, name in enumerate(PORTS)}
HERTZ = os.sysconf("SC_CLK_TCK")


def fail(message):
    sys.exit(f"bench-proxy: {message}")


def tool(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or fail(f"{name} is not installed; ci/setup bench installs it")


def fill(source, target, **values):
    target.write_text(string.Template((HERE / source).read_text()).safe_substitute(values))
    return target


def certificates():
    """A CA, and one certificate for the server and one for the client."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=DIR, capture_output=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=bench",
            "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign")
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        (DIR / f"{name}.ext").write_text(
            f"subjectAltName=DNS:bench.example.com\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\n")
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.crt", "-days", "2", "-extfile", f"{name}.ext")
        (DIR / f"{name}.pem").write_text((DIR / f"{name}.crt").read_text() + (DIR / f"{name}.key").read_text())


def compiled(target):
    """The folder that `meshc build` writes for the gateway of ci/bench/mesh."""
    out = DIR / target
    subprocess.run([ROOT / "target/release/meshc", "build", HERE / "mesh", "--target", target, "--emit", "bootstrap",
                    "--out-dir", out, "--quiet"], check=True)
    return out / "bootstrap" / "bench.edge"


def unmounted(bootstrap):
    """The bootstrap with the paths of this machine instead of those of a pod."""
    target = bootstrap / "here.json"
    target.write_text((bootstrap / "bootstrap.json").read_text().replace("/etc/meshc/", f"{bootstrap}/"))
    return target


def moved(config):
    """The same configuration on ports of its own, because both proxies run beside each other here."""
    text = config.read_text()
    for old, new in ((18080, PORTS["meshc-proxy"][0]), (18443, PORTS["meshc-proxy"][1])):
        text = re.sub(rf"(?<!\d){old}(?!\d)", str(new), text)
    parsed = json.loads(text)
    parsed["admin"].update(port=25000, statusPort=25021, prometheusPort=25090)
    parsed["concurrency"] = 1
    target = DIR / "proxy.json"
    target.write_text(json.dumps(parsed))
    return target


class Program:
    """A program under measurement with all of its processes."""

    def __init__(self, name, command, core):
        self.name = name
        log = open(DIR / f"{name}.log", "w")
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=log, stderr=log)

    def pids(self):
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            for tasks in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                waiting.extend(map(int, tasks.read_text().split()))
        return found

    def cpu(self):
        """CPU seconds of user and kernel so far."""
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / HERTZ

    def resident(self):
        """Resident memory in MiB."""
        status = "".join(pathlib.Path(f"/proc/{pid}/status").read_text() for pid in self.pids())
        return sum(map(int, re.findall(r"VmRSS:\s+(\d+)", status))) / 1024

    def ready(self, port):
        for _ in range(200):
            if self.process.poll() is not None:
                fail(f"{self.name} ended: {(DIR / (self.name + '.log')).read_text()[-2000:]}")
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{port}/api/x", headers={"host": "bench.example.com"})
                with urllib.request.urlopen(request, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        fail(f"{self.name} does not answer on {port}: {(DIR / (self.name + '.log')).read_text()[-2000:]}")


def slice_of(program, port, options):
    """One slice: requests, errors, CPU seconds and latency of the program."""
    before = program.cpu()
    output = subprocess.run(
        ["taskset", "-c", "0", tool("wrk"), "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency",
         "-H", "Host: bench.example.com", f"http://127.0.0.1:{port}/api/x"],
        check=True, capture_output=True, text=True).stdout
    cpu = program.cpu() - before
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    errors = sum(map(int, re.findall(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)[0])) \
        if "Socket errors" in output else 0
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors += int(refused.group(1)) if refused else 0
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    return {"micros": cpu / requests * 1e6, "rate": rate, "errors": errors}


def report(title, slices, idle):
    print(f"\n### {title}\n")
    print("| proxy | CPU µs/request (median) | x nginx | x Envoy | requests/s | errors | RSS idle MiB |")
    print("|---|---|---|---|---|---|---|")
    for name, own in slices.items():
        ratio = lambda peer: statistics.median(a["micros"] / b["micros"] for a, b in zip(own, slices[peer]))
        print(f"| {name} | {statistics.median(s['micros'] for s in own):.1f} | {ratio('nginx'):.2f} | {ratio('envoy'):.2f} "
              f"| {statistics.median(s['rate'] for s in own):.0f} | {sum(s['errors'] for s in own)} | {idle[name]:.1f} |")


def run(options):
    subprocess.run([tool("ip"), "link", "set", "lo", "up"], check=True)
    shutil.rmtree(DIR, ignore_errors=True)
    DIR.mkdir()
    DIR.chmod(0o755)
    certificates()
    values = {"DIR": DIR, "BODY": "x" * 1024}
    programs = [Program("backend", [tool("nginx"), "-c", fill("backend.conf", DIR / "backend.conf", **values)], 0)]
    frontends = "\n".join(
        f"listen {name}\n  bind 127.0.0.1:{CLIENT[name]}\n  server one 127.0.0.1:{PORTS[name][1]} ssl crt {DIR}/client.pem "
        f"ca-file {DIR}/ca.crt verify required sni str(bench.example.com) alpn http/1.1 no-ssl-reuse"
        for name in PORTS)
    programs.append(Program("client", [tool("haproxy"), "-db", "-f", fill("client.cfg", DIR / "client.cfg", FRONTENDS=frontends)], 0))
    envoy = os.environ.get("MESHC_ENVOY_DIR", os.path.expanduser("~/.cache/meshc/envoy"))
    proxy = os.environ.get("MESHC_PROXY_BIN", ROOT / "target/dist/meshc-proxy")
    ports = lambda name: {"NAME": name, "PLAIN": PORTS[name][0], "TLS": PORTS[name][1]}
    commands = {
        "nginx": [tool("nginx"), "-c", fill("nginx.conf", DIR / "nginx.conf", **values, **ports("nginx"))],
        "haproxy": [tool("haproxy"), "-db", "-f", fill("haproxy.cfg", DIR / "haproxy.cfg", **values, **ports("haproxy"))],
        "envoy": [f"{envoy}/envoy-1.40.0/bin/envoy", "-c", unmounted(compiled("envoy")), "--concurrency", "1", "-l", "error",
                  "--use-dynamic-base-id"],
        "meshc-proxy": [proxy, "run", "--config", moved(compiled("proxy") / "proxy.json")],
    }
    measured, idle = {}, {}
    try:
        for name, command in commands.items():
            measured[name] = Program(name, command, 1)
            programs.append(measured[name])
            measured[name].ready(PORTS[name][0])
            idle[name] = measured[name].resident()
        for title, port in (("plain", lambda name: PORTS[name][0]), ("mtls", lambda name: CLIENT[name])):
            if title not in options.only.split(","):
                continue
            slices = {name: [] for name in measured}
            for name in measured:
                slice_of(measured[name], port(name), options)
            for cycle in range(options.cycles):
                names = list(measured)
                for name in names[cycle % len(names):] + names[:cycle % len(names)]:
                    slices[name].append(slice_of(measured[name], port(name), options))
            report(f"{title}: {options.cycles} cycles of {options.seconds} s, {options.connections} connections", slices, idle)
        print("\nResident memory after the load, MiB: " + ", ".join(f"{name} {p.resident():.1f}" for name, p in measured.items()))
    finally:
        for program in programs:
            program.process.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="plain,mtls")
    options = parser.parse_args()
    if os.environ.get("MESHC_BENCH_NAMESPACE") != "1":
        os.environ["MESHC_BENCH_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])
    run(options)


if __name__ == "__main__":
    main()
