"""Gateways of the routers of the mesh."""

from .draw import Draw, Object, made

PROTOCOLS = {"http": "HTTP", "h2": "HTTP2", "grpc": "GRPC", "https": "HTTPS", "tls": "TLS", "tcp": "TCP"}


def gateway(draw: Draw) -> Object:
    namespace = draw.namespace() if draw.likely() else draw.routers[0].namespace
    selector = draw.chance.choice(draw.routers).labels
    servers: list[Object] = []
    ports: set[int] = set()
    for index in range(draw.one(1, 1, 2, 3)):
        kind = draw.one("http", "http", "https", "tls", "tcp", "h2", "grpc")
        port = port_of(draw, kind)
        if port not in ports:
            ports.add(port)
            servers.append(server(draw, index, kind, port))
    name = draw.name("gw")
    draw.gateways.append((namespace, name))
    return made("Gateway", namespace, name, {"selector": selector, "servers": servers})


def port_of(draw: Draw, kind: str) -> int:
    if kind in ("http", "h2", "grpc"):
        return draw.one(80, 8080, 80)
    if kind in ("https", "tls"):
        return draw.one(443, 8443, 443)
    return draw.one(31400, 9999)


def server(draw: Draw, index: int, kind: str, number: int) -> Object:
    port = {"number": number, "name": f"{kind}-{index}", "protocol": PROTOCOLS[kind]}
    found: Object = {"port": port, "hosts": [host(draw)]}
    if draw.likely(0.25):
        found["hosts"].append(draw.one("c.example.com", "www.foo.example"))
    if kind in ("https", "tls"):
        found["tls"] = tls(draw)
        if kind == "https" and found["tls"]["mode"] == "PASSTHROUGH":
            port["protocol"] = "TLS"
    elif kind == "http":
        draw.maybe(found, "tls", lambda: {"httpsRedirect": True}, 0.15)
    draw.maybe(found, "name", lambda: draw.name("srv"), 0.2)
    draw.maybe(found, "bind", lambda: draw.one("0.0.0.0", "10.1.1.1"), 0.06)
    return found


def host(draw: Draw) -> str:
    return draw.one(
        "*",
        "a.example.com",
        "*.example.com",
        "b.example.com",
        f"{draw.namespace()}/*",
        "./*",
        "*/a.example.com",
        f"{draw.namespace()}/b.example.com",
        "a.tls.example",
        "*.tls.example",
    )


def tls(draw: Draw) -> Object:
    mode = draw.one("SIMPLE", "SIMPLE", "MUTUAL", "PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
    settings: Object = {"mode": mode}
    if mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
        if draw.likely(0.7):
            settings["credentialName"] = draw.one("cred", "other")
        else:
            settings.update({"serverCertificate": "/c/cert.pem", "privateKey": "/c/key.pem"})
            if mode != "SIMPLE":
                settings["caCertificates"] = "/c/ca.pem"
        if mode != "SIMPLE":
            draw.maybe(settings, "subjectAltNames", lambda: ["san.example"])
    if mode != "PASSTHROUGH":
        draw.maybe(settings, "minProtocolVersion", lambda: draw.one("TLSV1_2", "TLSV1_3"))
        draw.maybe(settings, "maxProtocolVersion", lambda: "TLSV1_3", 0.2)
        draw.maybe(settings, "cipherSuites", lambda: ["ECDHE-RSA-AES256-GCM-SHA384"], 0.2)
    return settings
