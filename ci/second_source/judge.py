"""Compares what meshc wrote for a proxy with what istiod made, unit by unit, as ../shared/tools/compare_xds does."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import sys


def load(path):
    """The tool `compare_xds` as a module. It is a program, which ends when it is run without arguments; its functions stay."""
    loader = importlib.machinery.SourceFileLoader("compare_xds", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare_xds", loader))
    arguments, sys.argv = sys.argv, [str(path)]
    sys.dont_write_bytecode = True
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        loader.exec_module(module)
    sys.argv = arguments
    return module


class Forgiven:
    """What a test states differently from a cluster, or not at all, so that neither side is held to it.

    A test's proxy has no workload, its Go services have no object, and their endpoints no pod: who they are shows in tags of traces
    and in metadata. A test's MeshConfig may lack what every installation has.
    """

    def __init__(self, case, proxy):
        # Short names of hosts end with the domain of the proxy, which a tree derives from the namespace.
        stated = proxy.get("dns_domain", "")
        self.own_domain = not stated or stated.startswith(proxy["namespace"] + ".svc.")
        self.made = {s.get("Hostname", "").lower(): s.get("Attributes", {}) for s in case.get("go_services") or []}
        self.resolution = {s.get("Hostname", "").lower(): s.get("Resolution", 0) for s in case.get("go_services") or []}
        self.ports = set()
        for instance in case.get("go_instances") or []:
            self.ports.add(((instance.get("host") or "").lower(), str((instance.get("service_port") or {}).get("Port"))))
        self.unknown = {
            (s["Hostname"].lower(), str(port["Port"]))
            for s in case.get("go_services") or []
            for port in s.get("Ports") or []
            if port.get("Protocol", "") in ("", "unknown") and s.get("Hostname")
        }
        # Endpoints of a Go service are those of one port; an entry has them for all of its ports.
        self.uneven = {
            host.lower()
            for entry in case.get("service_entries") or []
            for endpoint in entry["spec"].get("endpoints", [])
            if {port["name"] for port in entry["spec"]["ports"]} - set(endpoint.get("ports", {}))
            for host in entry["spec"]["hosts"]
            if len(entry["spec"]["ports"]) > 1
        }
        fields = {"connectTimeout": "connectTimeout", "dnsRefreshRate": "dnsRefreshRate"}
        mesh = case.get("mesh_config") or {}
        self.fields = {ours for field, ours in fields.items() if field in mesh and mesh[field] is None}

    def is_made(self, cluster):
        """Whether the host of a cluster is a service that the test constructed in Go."""
        return cluster.rsplit("|", 1)[-1].lower() in self.made

    def is_beyond_trees(self, kind, name):
        """Whether a cluster or virtual host leads to a Go service that no tree can have: one that is looked up in DNS but has no name to
        look up; one that is forwarded as dialled and has endpoints; one of a single label, which a reference would complete to the name of a Kubernetes Service; a port whose protocol
        is none that Istio reads."""
        if kind == "vhost":
            host, _, port = name.split(" ")[-1].lower().rpartition(":")
            return (host, port) in self.unknown
        _, port, _, host = [*name.lower().split("|"), "", "", ""][:4]
        dns = self.resolution.get(host) in (1, 3)
        passthrough = self.resolution.get(host) == 2 and any(host == known for known, _ in self.ports)
        beyond = passthrough or "." not in host or (host, port) in self.unknown or (dns and (host, port) not in self.ports)
        return kind == "cluster" and self.is_made(name) and beyond

    def spelled(self, value, under=""):
        """A value without what is forgiven."""
        if isinstance(value, list):
            return [self.spelled(inner, under) for inner in value]
        if not isinstance(value, dict):
            return value
        dropped = set(self.fields)
        if under == "istio":
            dropped.add("config")
        if under == "customTags" and str(value.get("tag")).startswith("istio."):
            dropped.add("literal")
        if under == "services" and value.get("host") in self.made:
            dropped |= {"name", *(() if "Namespace" in self.made[value["host"]] else ("namespace",))}
        if under == "lbEndpoints":
            dropped.add("metadata")
        if "loadAssignment" in value and value.get("name", "").rsplit("|", 1)[-1].lower() in self.uneven:
            dropped.add("loadAssignment")
        return {key: self.spelled(inner, key) for key, inner in value.items() if key not in dropped}

    def units(self, tool, folder):
        """Units of one proxy: {(kind, name): value}."""
        found = {}
        for (kind, name), unit in tool.units(str(folder)).items():
            endpoints = kind == "endpoints" and (not tool.known_endpoints(unit) or self.is_made(name))
            if not endpoints and not self.is_beyond_trees(kind, name):
                if kind == "vhost" and not self.own_domain and ".svc." in name:
                    unit = {key: value for key, value in unit.items() if key != "domains"}
                found[(kind, name)] = tool.clean(self.spelled(unit))
        return found


CUT = "__toodeep"


def is_cut(value):
    """Whether the recording ends at a value, because it stood too deep."""
    return value == CUT or (isinstance(value, dict) and CUT in value)


def hidden(want, have):
    """The two values without what the recording of the first one cut."""
    if is_cut(want):
        return CUT, CUT
    if isinstance(want, dict) and isinstance(have, dict):
        pairs = {key: hidden(want[key], have.get(key)) for key in want}
        return {k: w for k, (w, _) in pairs.items()}, {**have, **{k: h for k, (_, h) in pairs.items() if k in have or h == CUT}}
    if isinstance(want, list) and isinstance(have, list):
        pairs = [hidden(w, h) for w, h in zip(want, have)]
        return [w for w, _ in pairs] + want[len(have) :], [h for _, h in pairs] + have[len(want) :]
    return want, have


def uncut(listeners, cut):
    """Listeners whose inlined routes were not recorded have none; their names go to `cut`."""
    if isinstance(listeners, dict):
        out = {key: uncut(value, cut) for key, value in listeners.items()}
        if any(is_cut(host) for host in out.get("virtualHosts") or []):
            cut.add(out["name"])
            out["virtualHosts"] = []
        return out
    return [uncut(value, cut) for value in listeners] if isinstance(listeners, list) else listeners


class Score:
    """What was compared so far."""

    def __init__(self):
        self.total = self.equal = 0
        self.kinds = {}
        self.classes = {}
        self.details = []

    def add(self, case, kind, name, rows):
        """One unit of a case; it is equal when there are no rows of (class, istiod's value, meshc's value)."""
        equal, total = self.kinds.get(kind, (0, 0))
        self.kinds[kind] = (equal + (not rows), total + 1)
        self.total += 1
        self.equal += not rows
        for label in {label for label, _, _ in rows}:
            self.classes.setdefault(label, []).append(case)
        self.details += [(case, kind, name, *row) for row in rows]

    def merge(self, other):
        for kind, (equal, total) in other.kinds.items():
            e, t = self.kinds.get(kind, (0, 0))
            self.kinds[kind] = (e + equal, t + total)
        for label, cases in other.classes.items():
            self.classes.setdefault(label, []).extend(cases)
        self.total += other.total
        self.equal += other.equal
        self.details += other.details


def recorded(xds, endpoints, folder):
    """Writes resources as istiod made them, and returns the names of route configurations whose hosts were not recorded."""
    cut = set()
    folder.mkdir(parents=True, exist_ok=True)
    resources = {"listeners": uncut(xds["listeners"], cut), "clusters": xds["clusters"], "routes": xds["routes"], "endpoints": endpoints}
    for name, list_of in resources.items():
        (folder / f"{name}.json").write_text(json.dumps(list_of))
    return cut


def addressless(units):
    """Ports at which a recording listens on no address at all: a Go service may lack what each service of a tree has."""
    return {name[1:] for kind, name in units if kind == "listener" and name.startswith("_")}


def without(ports, key):
    """Whether a unit has nothing to do with listeners at these ports."""
    kind, name = key
    if kind in ("listener", "chain"):
        return name.split(" ")[0].rsplit("_", 1)[-1] not in ports
    return kind not in ("routes", "vhost") or name.split(" ")[0].rsplit(":", 1)[-1] not in ports


def compare(tool, case, want, have, kinds, score):
    """Adds the units of the given kinds to the score."""
    ports = addressless(want)
    for key in sorted(set(want) | set(have)):
        kind, name = key
        if kind not in kinds or not without(ports, key) or (kind == "endpoints" and key not in want):
            continue
        one, other = tool.pair(kind, want.get(key), have.get(key))
        one, other = hidden(one, other) if one and other else (one, other)
        if one == other:
            score.add(case, kind, name, [])
        elif one is None or other is None:
            what = "(missing)" if other is None else "(extra)"
            score.add(case, kind, name, [(f"{kind} {what}", one and "…", other and "…")])
        else:
            rows = [(f"{kind} {path}", x, y) for path, x, y in tool.diff(one, other)]
            score.add(case, kind, name, rows)
