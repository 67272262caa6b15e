"""VirtualServices: hosts, gateways, and routes of TLS and TCP. HTTP routes are in http_route.py."""

from . import http_route
from .draw import Draw, Object, made

GATEWAY_HOSTS = ("a.example.com", "b.example.com", "*.example.com", "www.foo.example", "*", "a.tls.example", "*.tls.example")


def virtual_service(draw: Draw) -> Object:
    namespace = draw.namespace()
    gateways = bound_gateways(draw, namespace)
    spec: Object = {"hosts": hosts(draw, namespace, gateways)}
    if gateways:
        spec["gateways"] = gateways
    elif draw.likely(0.1):
        spec["gateways"] = ["mesh"]
    reached = gateways or ["mesh"]
    protocol = draw.chance.random()
    if protocol < 0.75:
        spec["http"] = [http_route.http_route(draw, namespace, reached) for _ in range(draw.one(1, 1, 2, 3, 4))]
    if protocol > 0.65 and (protocol > 0.75 or draw.likely()):
        add_layer_four(draw, namespace, reached, spec)
    draw.maybe(spec, "exportTo", draw.export_to, 0.15)
    return made("VirtualService", namespace, draw.name("vs"), spec)


def bound_gateways(draw: Draw, namespace: str) -> list[str]:
    if not (draw.gateways and draw.likely()):
        return []
    home, name = draw.chance.choice(draw.gateways)
    qualified = home != namespace or draw.likely()
    gateways = [f"{home}/{name}" if qualified else name]
    if draw.likely(0.4):
        gateways.append("mesh")
    return gateways


def hosts(draw: Draw, namespace: str, gateways: list[str]) -> list[str]:
    found = [draw.one(*GATEWAY_HOSTS)] if gateways and draw.likely(0.8) else [draw.host(namespace)]
    if draw.likely(0.2):
        extra = draw.one("extra.example.com", draw.host(namespace), "*.wild.example")
        if extra not in found and "*" not in found:
            found.append(extra)
    if "mesh" in gateways or not gateways:
        # Within the mesh istiod refuses a VirtualService for every host.
        found = [host for host in found if host != "*"] or ["a.example.com"]
    return found


def add_layer_four(draw: Draw, namespace: str, gateways: list[str], spec: Object) -> None:
    if draw.likely():
        spec["tls"] = [
            {"match": [match(draw, gateways, tls=True) for _ in range(draw.one(1, 2))], "route": destinations(draw, namespace)}
            for _ in range(draw.one(1, 2))
        ]
    if draw.likely(0.6) or "tls" not in spec:
        spec["tcp"] = [tcp_route(draw, namespace, gateways) for _ in range(draw.one(1, 2))]
    for route in spec.get("tls", []):
        for condition in route["match"]:
            cover(spec, condition)


def tcp_route(draw: Draw, namespace: str, gateways: list[str]) -> Object:
    route: Object = {"route": destinations(draw, namespace)}
    draw.maybe(route, "match", lambda: [match(draw, gateways, tls=False)], 0.5)
    return route


def cover(spec: Object, condition: Object) -> None:
    """Brings hosts and server names together: istiod asks that a host of the VirtualService covers each server name."""
    name = condition["sniHosts"][0]
    if any(host.startswith("*") for host in spec["hosts"]):
        if spec["hosts"][0] != "*":
            condition["sniHosts"] = [spec["hosts"][0]]
    elif name not in spec["hosts"]:
        spec["hosts"] = [*spec["hosts"], name]


def match(draw: Draw, gateways: list[str], tls: bool) -> Object:
    condition: Object = {}
    if tls:
        condition["sniHosts"] = [draw.one("a.tls.example", "*.tls.example", "b.tls.example")]
    draw.maybe(condition, "port", lambda: draw.one(443, 8443, draw.first_port()), 0.4)
    draw.maybe(condition, "destinationSubnets", lambda: [draw.one("10.96.0.0/16", "192.0.2.0/24", "10.1.2.3")], 0.15)
    draw.maybe(condition, "sourceLabels", draw.selector, 0.1)
    draw.maybe(condition, "sourceNamespace", draw.namespace, 0.1)
    if len(gateways) > 1:
        draw.maybe(condition, "gateways", lambda: [draw.chance.choice(gateways)], 0.15)
    return condition


def destinations(draw: Draw, namespace: str) -> list[Object]:
    routes: list[Object] = [{"destination": draw.destination(namespace)} for _ in range(draw.one(1, 1, 2))]
    if len(routes) > 1:
        for route, weight in zip(routes, draw.one((50, 50), (10, 90), (3, 1)), strict=True):
            route["weight"] = weight
    return routes
