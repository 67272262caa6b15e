"""The recorded cases: which are compared, which are not and why, and how each one becomes a tree."""

import json
import re
import subprocess

from . import judge, tree

# Objects whose kinds meshc does not compile yet; such cases are counted apart.
LATER = {"EnvoyFilter", "WasmPlugin", "TrafficExtension", "Telemetry", "GatewayClass", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "InferencePool"}
# Feature flags of ambient mode; `PILOT_ENABLE_AMBIENT` alone changes nothing for a sidecar or a gateway.
AMBIENT = re.compile("AMBIENT_ENABLE_|HBONE")
# Findings of meshc about an object that the API server or istiod's webhook would refuse; Istio's unit tests go past both.
REFUSED = re.compile(r"2-objects\.yaml:\S+ error\[(refused-by-rule|invalid-value|missing-field|invalid-name|unknown-kind|unserved-version)\]")
# What the translation of a Go service to a ServiceEntry may lose without a consequence: addresses are allocated by a controller that
# the tests do not run.
HARMLESS = "no VIP: auto-allocated addresses must stay off"
EVERYTHING = ("listener", "chain", "routes", "vhost", "cluster", "endpoints")


class Skip(Exception):
    """A case that is not compared, with the reason."""


def later(case):
    """Whether a case is about something that meshc does not do yet."""
    gateway_api = any("gateway.networking.k8s.io" in text for text in texts(case))
    kinds = {o["kind"] for o in case["configs"]}
    derived = any("internal.istio.io" in key for o in case["configs"] for key in o["metadata"].get("annotations") or {})
    custom = any(o["kind"] == "AuthorizationPolicy" and o["spec"].get("action") == "CUSTOM" for o in case["configs"])
    flags = [flag["env"] or "" for p in case["proxies"] for flag in p["features"].values() if flag["value"]]
    ambient = any(p["type"] == "waypoint" for p in case["proxies"]) or any(AMBIENT.search(flag) for flag in flags)
    # The label of a service of the Gateway API Inference Extension is lost in its record.
    inference = "InferencePool" in case["test"]
    return gateway_api or derived or custom or ambient or inference or bool(kinds & LATER)


def texts(case):
    """YAML that the test gave to the Kubernetes API."""
    return [text for text in [(case.get("kubernetes") or {}).get("objects_yaml")] if text]


def objects(case):
    """Objects that stand in the tree of a case."""
    kubernetes = (case.get("kubernetes") or {}).get("objects") or []
    return [*kubernetes, *(completed(o) for o in case["configs"]), *(with_tls(case, entry) for entry in case.get("service_entries") or [])]


def completed(config):
    """An object with its references to hosts of one label completed as in Istio's tests, whose cluster has no DNS domain: by the
    namespace alone."""

    def walk(value, key=""):
        if isinstance(value, list):
            return [walk(inner, key) for inner in value]
        if isinstance(value, dict):
            inner = {k: walk(v, k) for k, v in value.items()}
            host = inner.get("host")
            if key in ("destination", "mirror") and host and "." not in host:
                inner["host"] = f"{host}.{config['metadata'].get('namespace', 'default')}"
            return inner
        return value

    return walk(config) if config["kind"] == "VirtualService" else config


def with_tls(case, entry):
    """A service of the test with the label of endpoints that take Istio mTLS, which its translation lost."""
    takes = {
        (instance["host"], address)
        for instance in case.get("go_instances") or []
        if instance["endpoint"].get("TLSMode") == "istio"
        for address in instance["endpoint"].get("Addresses", [])
    }
    label = {"security.istio.io/tlsMode": "istio"}
    endpoints = [
        {**e, "labels": {**e.get("labels", {}), **label}} if any((host, e.get("address")) in takes for host in entry["spec"]["hosts"]) else e
        for e in entry["spec"].get("endpoints", [])
    ]
    spec = {key: value for key, value in entry["spec"].items() if key != "endpoints"}
    # A Go service of resolution NONE may have endpoints, an entry may not.
    return {**entry, "spec": {**spec, "endpoints": endpoints} if endpoints and spec.get("resolution") != "NONE" else spec}


def check(case):
    """Raises `Skip` for a case whose inputs are not all recorded, or cannot stand in a tree."""
    if case.get("inputs_may_be_incomplete"):
        raise Skip("the test may have changed its inputs")
    if case.get("late_go_services"):
        raise Skip("services that no recorded input defines")
    if any("by_cluster" in key for key in case.get("kubernetes") or {}):
        raise Skip("several Kubernetes clusters")
    if len({json.dumps([p["id"], p["namespace"], p["type"]]) for p in case["proxies"]}) < len(case["proxies"]):
        raise Skip("one proxy, recorded twice: the test changed it in between")


def compared_kinds(case):
    """Kinds of units that the inputs of a case decide."""
    if any(field in case["mesh_config"] and case["mesh_config"][field] is None for field in ("proxyListenPort", "rootNamespace")):
        # A MeshConfig without defaults, which only tests have: there is no port to listen on.
        return ("cluster", "endpoints")
    lost = {loss for host in case.get("service_entries_lossy") or [] for loss in host["lost"]}
    return EVERYTHING if lost <= {HARMLESS} else ("listener", "cluster")


def served_elsewhere(case, proxy):
    """Whether the test told a proxy what it serves in a way that no tree can: istiod finds the services of a proxy by the address of
    their endpoints within its namespace, tests also across namespaces, or without any endpoint."""
    if not case.get("go_services"):
        return False
    mine = {
        o["metadata"]["namespace"] == proxy["namespace"]
        for o in objects(case)
        if o["kind"] == "ServiceEntry" and any(e.get("address") in proxy["ip_addresses"] for e in o["spec"].get("endpoints", []))
    }
    return mine != {True}


def inbound(key):
    """Whether a unit is about what a sidecar serves."""
    return key[1].startswith(("virtualInbound", "inbound|"))


def run(meshc, arguments):
    """Runs one build; what it says goes with an exception where it wrote nothing."""
    done = subprocess.run([meshc, "build", *arguments, "--output", "concise", "--color", "never"], capture_output=True, text=True, check=False)
    out = arguments[-1] / "xds"
    return (out if out.is_dir() else None), done.stdout + done.stderr


def compare(tool, meshc, case, folder):
    """Compares all proxies of a case of `configgen`."""
    check(case)
    score = judge.Score()
    known = {host for o in objects(case) if o["kind"] == "ServiceEntry" for host in o["spec"].get("hosts", [])}
    for i, (proxy, xds) in enumerate(zip(case["proxies"], case["xds"])):
        place = folder / str(i)
        out, said = run(meshc, tree.build_arguments(place, case, proxy, objects(case), texts(case)))
        (place / "log").write_text(said)
        forgiven = judge.Forgiven(case, proxy)
        if REFUSED.search(said):
            raise Skip("an object that admission refuses")
        # Endpoints of a Kubernetes Service are pods, which a tree does not have.
        endpoints = [e for e in xds["endpoints"] if e["clusterName"].rsplit("|", 1)[-1] in known]
        cut = judge.recorded(xds, endpoints, place / "istiod")
        want = forgiven.units(tool, place / "istiod")
        have = forgiven.units(tool, out / tree.folder(proxy)) if out else {}
        have = {(kind, name): unit for (kind, name), unit in have.items() if kind != "vhost" or name.rsplit(" ", 1)[0] not in cut}
        if any(name.startswith("inbound|") for _, name in want) and served_elsewhere(case, proxy):
            want, have = ({key: unit for key, unit in units.items() if not inbound(key)} for units in (want, have))
        judge.compare(tool, f"{case['name']}@{i}" if i else case["name"], want, have, compared_kinds(case), score)
    return score
