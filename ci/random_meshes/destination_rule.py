"""DestinationRules: traffic policies, port levels and subsets."""

from .draw import Draw, Object, made


def destination_rule(draw: Draw) -> Object:
    namespace = draw.namespace()
    host = draw.host(namespace)
    if draw.likely(0.12):
        host = draw.one("*.svc.cluster.local", f"*.{draw.namespace()}.svc.cluster.local", "*.example", "*.ext.example")
    spec: Object = {"host": host}
    draw.maybe(spec, "trafficPolicy", lambda: traffic_policy(draw), 0.8)
    draw.maybe(spec, "subsets", lambda: [subset(draw, name) for name in draw.one(["v1"], ["v1", "v2"], ["v2"])], 0.5)
    draw.maybe(spec, "exportTo", draw.export_to, 0.15)
    draw.maybe(spec, "workloadSelector", lambda: {"matchLabels": draw.selector()}, 0.1)
    return made("DestinationRule", namespace, draw.name("dr"), spec)


def subset(draw: Draw, name: str) -> Object:
    labels = draw.selector() if draw.likely(0.3) else {"version": name}
    found: Object = {"name": name, "labels": labels}
    draw.maybe(found, "trafficPolicy", lambda: traffic_policy(draw), 0.4)
    return found


def traffic_policy(draw: Draw) -> Object:
    policy = port_policy(draw, whole=True)
    draw.maybe(policy, "portLevelSettings", lambda: [{"port": {"number": draw.first_port()}, **port_policy(draw, whole=False)}], 0.25)
    return policy


def port_policy(draw: Draw, whole: bool) -> Object:
    """What a policy says of one port, or of the whole host, which can say more."""
    policy: Object = {}
    draw.maybe(policy, "loadBalancer", lambda: load_balancer(draw, whole), 0.35)
    draw.maybe(policy, "connectionPool", lambda: connection_pool(draw))
    draw.maybe(policy, "outlierDetection", lambda: outlier_detection(draw), 0.25)
    draw.maybe(policy, "tls", lambda: tls(draw))
    if whole:
        draw.maybe(policy, "proxyProtocol", lambda: {"version": draw.one("V1", "V2")}, 0.06)
        draw.maybe(policy, "retryBudget", lambda: draw.one({}, {"percent": 50.5}, {"minRetryConcurrency": 7}), 0.06)
        draw.maybe(policy, "tunnel", lambda: tunnel(draw), 0.04)
    return policy


def tunnel(draw: Draw) -> Object:
    settings: Object = {"targetHost": "t.example", "targetPort": 443}
    draw.maybe(settings, "protocol", lambda: draw.one("CONNECT", "POST"), 0.5)
    return settings


def load_balancer(draw: Draw, whole: bool) -> Object:
    balancer: Object
    if draw.chance.random() < 0.5:
        balancer = {"simple": draw.one("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "PASSTHROUGH", "LEAST_CONN", "UNSPECIFIED")}
    else:
        balancer = {"consistentHash": consistent_hash(draw)}
    if balancer.get("simple") in ("ROUND_ROBIN", "LEAST_REQUEST") and draw.likely(0.3):
        if draw.likely():
            warmup: Object = {"duration": "30s"}
            balancer["warmup"] = warmup
            draw.maybe(warmup, "minimumPercent", lambda: 20, 0.5)
            draw.maybe(warmup, "aggression", lambda: 1.5, 0.5)
        else:
            balancer["warmupDurationSecs"] = "60s"
    if draw.likely(0.25) and whole:
        balancer["localityLbSetting"] = draw.one(
            {"enabled": False},
            {"enabled": True},
            {"failover": [{"from": "us-east-1", "to": "eu-west-1"}]},
            {"failoverPriority": ["topology.kubernetes.io/region", "app"]},
            {"distribute": [{"from": "us-east-1/*", "to": {"us-east-1/*": 80, "eu-west-1/*": 20}}]},
        )
    return balancer


def consistent_hash(draw: Draw) -> Object:
    settings: Object = draw.one(
        {"httpHeaderName": "x-u"},
        {"httpCookie": {"name": "c", "ttl": "30s"}},
        {"httpCookie": {"name": "c", "path": "/p"}},
        {"useSourceIp": True},
        {"httpQueryParameterName": "q"},
    )
    if draw.likely(0.3):
        settings.update(draw.one({"ringHash": {"minimumRingSize": 2048}}, {"maglev": {"tableSize": 65537}}, {"maglev": {}}, {"ringHash": {}}))
    elif draw.likely(0.2):
        settings["minimumRingSize"] = 512
    return settings


def connection_pool(draw: Draw) -> Object:
    pool: Object = {}
    draw.maybe(pool, "tcp", lambda: tcp_settings(draw), 0.5)
    draw.maybe(pool, "http", lambda: http_settings(draw), 0.6)
    return pool


def tcp_settings(draw: Draw) -> Object:
    settings: Object = {}
    draw.maybe(settings, "maxConnections", lambda: draw.one(1, 100), 0.6)
    draw.maybe(settings, "connectTimeout", draw.positive_duration, 0.5)
    draw.maybe(settings, "idleTimeout", draw.duration)
    draw.maybe(settings, "maxConnectionDuration", draw.positive_duration)
    draw.maybe(settings, "tcpKeepalive", lambda: draw.one({}, {"probes": 3}, {"time": "7200s", "interval": "75s"}), 0.4)
    return settings


def http_settings(draw: Draw) -> Object:
    settings: Object = {}
    draw.maybe(settings, "http1MaxPendingRequests", lambda: draw.one(1, 50), 0.4)
    draw.maybe(settings, "http2MaxRequests", lambda: draw.one(1, 50), 0.4)
    draw.maybe(settings, "maxRequestsPerConnection", lambda: draw.one(0, 1, 9), 0.4)
    draw.maybe(settings, "maxRetries", lambda: draw.one(1, 9))
    draw.maybe(settings, "idleTimeout", draw.positive_duration)
    draw.maybe(settings, "h2UpgradePolicy", lambda: draw.one("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"), 0.4)
    draw.maybe(settings, "useClientProtocol", draw.likely)
    draw.maybe(settings, "maxConcurrentStreams", lambda: draw.one(1, 99))
    return settings


def outlier_detection(draw: Draw) -> Object:
    settings: Object = {}
    draw.maybe(settings, "consecutive5xxErrors", lambda: draw.one(0, 3), 0.5)
    draw.maybe(settings, "consecutiveGatewayErrors", lambda: draw.one(0, 4), 0.4)
    draw.maybe(settings, "consecutiveLocalOriginFailures", lambda: draw.one(1, 6))
    draw.maybe(settings, "splitExternalLocalOriginErrors", draw.likely)
    draw.maybe(settings, "interval", draw.positive_duration, 0.4)
    draw.maybe(settings, "baseEjectionTime", draw.positive_duration, 0.4)
    draw.maybe(settings, "maxEjectionPercent", lambda: draw.one(0, 10, 100), 0.4)
    draw.maybe(settings, "minHealthPercent", lambda: draw.one(0, 50))
    return settings


def tls(draw: Draw) -> Object:
    mode = draw.one("DISABLE", "SIMPLE", "ISTIO_MUTUAL", "MUTUAL", "SIMPLE")
    settings: Object = {"mode": mode}
    files = {"clientCertificate": "/c/cert.pem", "privateKey": "/c/key.pem"}
    if mode == "MUTUAL":
        settings.update(draw.one(files, {"credentialName": "cred"}, {**files, "caCertificates": "/c/ca.pem"}))
    if mode == "SIMPLE":
        draw.maybe(settings, "caCertificates", lambda: draw.one("/c/ca.pem", "system"), 0.4)
    if mode in ("SIMPLE", "MUTUAL"):
        draw.maybe(settings, "sni", lambda: "sni.example", 0.4)
        draw.maybe(settings, "subjectAltNames", lambda: ["san.example", "spiffe://x/y"])
        if mode == "SIMPLE" and "caCertificates" not in settings:
            draw.maybe(settings, "insecureSkipVerify", draw.likely, 0.2)
    elif mode == "ISTIO_MUTUAL":
        draw.maybe(settings, "sni", lambda: "sni.example", 0.2)
        draw.maybe(settings, "subjectAltNames", lambda: ["spiffe://x/y"], 0.2)
    return settings
