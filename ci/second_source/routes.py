"""Cases of the set `routes`: one VirtualService, and the list of routes that istiod builds of it for one port."""

from . import cases, judge, tree


def host(case):
    """The first host of the VirtualService; tests leave it out where it does not matter."""
    return (case["virtual_service"]["spec"].get("hosts") or ["routes.example"])[0]


def virtual_service(case):
    """The VirtualService with a namespace and a host."""
    service = case["virtual_service"]
    metadata = {"namespace": "default", **service["metadata"]}
    return {**service, "metadata": metadata, "spec": {**service["spec"], "hosts": service["spec"].get("hosts") or [host(case)], "gateways": names(case)}}


def names(case):
    """Gateways of the VirtualService; where it names none, those that are asked for."""
    return case["virtual_service"]["spec"].get("gateways") or case["gateway_names"]


def through_gateway(case):
    """Whether the routes are asked for a gateway."""
    return "mesh" not in case["gateway_names"]


def gateways(case):
    """Gateways that take the VirtualService in; their names stand for those that the test asks for."""
    server = {"port": {"number": case["listen_port"], "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    if case["http3_alt_svc"]:
        server["port"].update(name="https", protocol="HTTPS")
        server["tls"] = {"mode": "SIMPLE", "credentialName": "certificate"}
    spec = {"servers": [server]}
    return [
        {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
        for name in names(case)
        if through_gateway(case)
    ]


def services(case):
    """Services that the test knows, and for a sidecar one that gives the host a listener on the port."""
    known = [s for s in case["services"]]
    here = {(h, p["number"]) for s in known for h in s["spec"]["hosts"] for p in s["spec"]["ports"]}
    if not through_gateway(case) and (host(case), case["listen_port"]) not in here:
        port = {"number": case["listen_port"], "name": "http", "protocol": "HTTP"}
        spec = {"hosts": [host(case)], "ports": [port], "resolution": "NONE"}
        known.append({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "host", "namespace": "default"}, "spec": spec})
    return [{**s, "metadata": {"namespace": "default", **s["metadata"]}} for s in known]


def http3(case, proxy):
    """The Service that lets datagrams to a gateway through, and the flag that asks for HTTP/3, where the test claims them."""
    if not case["http3_alt_svc"]:
        return [], {}
    number = case["listen_port"]
    ports = [{"name": name, "port": number, "protocol": name.upper()} for name in ("tcp", "udp")]
    metadata = {"name": "gateway", "namespace": tree.namespace(proxy)}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": proxy["labels"], "ports": ports}}
    return [service], {"EnableQUICListeners": {"env": "PILOT_ENABLE_QUIC_LISTENERS", "value": True}}


def table_name(case):
    """The route table of the port."""
    port = case["listen_port"]
    if not through_gateway(case):
        return str(port)
    return f"https.{port}.https.{names(case)[0]}.default" if case["http3_alt_svc"] else f"http.{port}"


def check(case):
    """Raises `Skip` for a case that cannot stand in a tree."""
    if case["expected"]["error"]:
        raise cases.Skip("the VirtualService does not apply")


def later(case):
    """Whether a case is about something that meshc does not do yet."""
    annotations = case["virtual_service"]["metadata"].get("annotations") or {}
    return bool(case.get("inference_pool")) or any("internal.istio.io" in key for key in annotations)


def compare(tool, meshc, case, folder):
    """Compares the list of routes; the case is one unit, and each class of difference counts once."""
    check(case)
    proxy = {**case["proxy"], "type": "router" if through_gateway(case) else "sidecar"}
    if case["http3_alt_svc"]:
        proxy["labels"] = {"istio": "gateway"}
    service, flags = http3(case, proxy)
    case = {**case, "features": {**case["features"], **flags}}
    given = [virtual_service(case), *case["destination_rules"], *case["other_configs"], *services(case), *gateways(case), *service]
    seen = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in reversed(given)}
    out, said = cases.run(meshc, tree.build_arguments(folder, case, proxy, list(seen.values())))
    (folder / "log").write_text(said)
    if cases.REFUSED.search(said):
        raise cases.Skip("an object that admission refuses")
    forgiven = judge.Forgiven(case, proxy)
    name = table_name(case)
    units = tool.units(str(out / tree.folder(proxy)))
    hosts = [unit for (kind, key), unit in units.items() if kind == "vhost" and key.split(" ")[0] == name and host(case) in unit["domains"]]
    have = tool.clean(forgiven.spelled(hosts[0]["routes"])) if hosts else None
    want = tool.clean(forgiven.spelled(case["expected"]["routes"]))
    score = judge.Score()
    if have is None:
        score.add(case["name"], "route list", name, [("route list (missing)", len(want), None)])
    else:
        score.add(case["name"], "route list", name, [(f"route list {path}", x, y) for path, x, y in tool.diff(want, have)])
    return score
