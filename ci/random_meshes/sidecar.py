"""Sidecars: what workloads see, and where they listen."""

from .draw import Draw, Object, made

ROOT_NAMESPACE = "istio-system"


def sidecar(draw: Draw) -> Object:
    namespace = draw.namespace() if draw.likely(0.85) else ROOT_NAMESPACE
    spec: Object = {}
    egress = egress_listeners(draw)
    if egress:
        spec["egress"] = egress
    if namespace != ROOT_NAMESPACE:
        draw.maybe(spec, "workloadSelector", lambda: {"labels": draw.selector()}, 0.5)
    if "workloadSelector" in spec:
        draw.maybe(spec, "ingress", lambda: [ingress_listener(draw)], 0.4)
    draw.maybe(spec, "outboundTrafficPolicy", lambda: draw.one({"mode": "REGISTRY_ONLY"}, {"mode": "ALLOW_ANY"}))
    pool = {"http": {"http2MaxRequests": 5}, "tcp": {"maxConnections": 9}}
    draw.maybe(spec, "inboundConnectionPool", lambda: pool, 0.15)
    return made("Sidecar", namespace, draw.name("sc"), spec)


def egress_listeners(draw: Draw) -> list[Object]:
    """Listeners with a port, and at most one without, which istiod wants last."""
    found: list[Object] = []
    ports: set[int] = set()
    for _ in range(draw.one(0, 1, 1, 2)):
        listener: Object = {}
        if draw.likely(0.4):
            stated = draw.chance.choice(draw.service().ports)[1]
            number = draw.one(stated, stated, 9080)
            if number in ports:
                continue
            ports.add(number)
            add_port(draw, listener, number)
        listener["hosts"] = hosts(draw)
        found.append(listener)
    return [one for one in found if "port" in one] + [one for one in found if "port" not in one][:1]


def add_port(draw: Draw, listener: Object, number: int) -> None:
    name = draw.one("http", "tcp", f"x-{number}")
    listener["port"] = {"number": number, "name": name, "protocol": draw.one("HTTP", "TCP", "GRPC", "TLS", "HTTP2")}
    draw.maybe(listener, "bind", lambda: draw.one("127.0.0.1", "10.1.1.2", "0.0.0.0"), 0.4)
    if "bind" in listener:
        draw.maybe(listener, "captureMode", lambda: draw.one("NONE", "DEFAULT"), 0.5)


def hosts(draw: Draw) -> list[str]:
    everything = ["./*", f"{ROOT_NAMESPACE}/*", "*/*", f"{draw.namespace()}/*", "~/*"]
    everything += [f"{service.namespace}/{service.host}" for service in draw.services[:6]]
    everything += [f"*/{host}" for host, _ in draw.external[:3]]
    return draw.chance.sample(everything, draw.one(1, 2, 3))


def ingress_listener(draw: Draw) -> Object:
    number = draw.one(8080, 9080, 7777)
    listener: Object = {"port": {"number": number, "name": "http-in", "protocol": draw.one("HTTP", "TCP", "GRPC")}}
    draw.maybe(listener, "defaultEndpoint", lambda: draw.one("127.0.0.1:8080", "0.0.0.0:9000", "unix:///tmp/s.sock"), 0.6)
    draw.maybe(listener, "bind", lambda: "10.1.1.9", 0.1)
    draw.maybe(listener, "tls", lambda: {"mode": "SIMPLE", "privateKey": "/c/k", "serverCertificate": "/c/c"})
    draw.maybe(listener, "connectionPool", lambda: {"http": {"http1MaxPendingRequests": 3}}, 0.2)
    return listener
