"""ServiceEntries of each resolution."""

from .draw import Draw, Object, made

PORTS = (
    ("http", 80, "HTTP"),
    ("https", 443, "HTTPS"),
    ("tls", 8443, "TLS"),
    ("tcp", 5432, "TCP"),
    ("grpc", 9090, "GRPC"),
    ("http2", 8080, "HTTP2"),
    ("mongo", 27017, "MONGO"),
    ("http", 8080, "HTTP"),
    ("tcp", 443, "TCP"),
    ("tcp", 9000, "TCP"),
)


def service_entry(draw: Draw) -> Object:
    namespace = draw.namespace()
    name = draw.name("ext")
    hosts = [draw.one(f"{name}.ext.example", f"{name}.example", f"*.{name}.example")]
    if draw.likely(0.2):
        hosts.append(f"{name}-b.example")
    wild = any(host.startswith("*") for host in hosts)
    resolution = resolution_of(draw, wild)
    ports = ports_of(draw, resolution)
    spec: Object = {"hosts": hosts, "ports": ports, "resolution": resolution}
    draw.maybe(spec, "location", lambda: draw.one("MESH_EXTERNAL", "MESH_INTERNAL"), 0.7)
    draw.maybe(spec, "addresses", lambda: addresses(draw), 0.5 if wild else 0.25)
    if resolution == "STATIC" or (resolution.startswith("DNS") and draw.likely(0.4)):
        count = 1 if resolution == "DNS_ROUND_ROBIN" else draw.one(1, 2, 3)
        spec["endpoints"] = [endpoint(draw, name, index, resolution, ports) for index in range(count)]
    draw.maybe(spec, "exportTo", draw.export_to, 0.12)
    draw.maybe(spec, "subjectAltNames", lambda: ["spiffe://cluster.local/ns/q/sa/z"], 0.15)
    numbers = [port["number"] for port in ports]
    draw.external += [(host, numbers) for host in hosts if not host.startswith("*")]
    return made("ServiceEntry", namespace, name, spec)


def resolution_of(draw: Draw, wild: bool) -> str:
    if wild and draw.likely(0.8):
        return draw.one("NONE")
    resolution = draw.one("DNS", "STATIC", "NONE", "DNS", "DNS_ROUND_ROBIN")
    # istiod refuses to look up a host with a wildcard.
    return "NONE" if wild and resolution.startswith("DNS") else resolution


def ports_of(draw: Draw, resolution: str) -> list[Object]:
    ports: list[Object] = []
    used: set[int] = set()
    for _ in range(draw.one(1, 1, 2, 3)):
        name, number, protocol = draw.one(*PORTS)
        if number in used:
            continue
        used.add(number)
        port: Object = {"number": number, "name": f"{name}-{number}", "protocol": protocol}
        if resolution != "NONE":
            draw.maybe(port, "targetPort", lambda: draw.one(8443, 18080), 0.2)
        ports.append(port)
    return ports


def addresses(draw: Draw) -> list[str]:
    last = draw.chance.randint
    return draw.one([f"192.0.2.{last(1, 250)}"], [f"203.0.113.0/{draw.one(24, 28)}"], [f"198.51.100.{last(1, 250)}"])


def endpoint(draw: Draw, entry: str, index: int, resolution: str, ports: list[Object]) -> Object:
    number = draw.chance.randint
    address = f"192.168.{number(0, 9)}.{number(1, 250)}" if resolution == "STATIC" else f"e{index}.{entry}.ep.example"
    found: Object = {"address": address}
    draw.maybe(found, "labels", lambda: {"version": draw.one("v1", "v2")}, 0.4)
    draw.maybe(found, "weight", lambda: draw.one(1, 5, 50))
    draw.maybe(found, "locality", lambda: draw.one("us-east-1/a", "eu-west-1/b/c"))
    draw.maybe(found, "ports", lambda: {ports[0]["name"]: draw.one(1234, 8088)})
    # A draw without effect, whose place in the order older seeds rely on.
    draw.chance.random()
    draw.maybe(found, "serviceAccount", lambda: "sa1", 0.2)
    return found
