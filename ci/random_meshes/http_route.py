"""HTTP routes of VirtualServices."""

from .draw import Draw, Object


def http_route(draw: Draw, namespace: str, gateways: list[str]) -> Object:
    route: Object = {}
    draw.maybe(route, "name", lambda: draw.name("r"), 0.4)
    if draw.likely(0.75):
        route["match"] = [match(draw, namespace, gateways) for _ in range(draw.one(1, 1, 2, 3))]
    action = draw.chance.random()
    if action < 0.1:
        route["redirect"] = redirect(draw)
    elif action < 0.18:
        answer: Object = {"status": draw.one(200, 404, 503)}
        route["directResponse"] = answer
        draw.maybe(answer, "body", lambda: draw.one({"string": "hello"}, {"bytes": "aGVsbG8="}), 0.6)
    else:
        add_forwarding(draw, namespace, route)
    draw.maybe(route, "timeout", draw.duration, 0.2)
    draw.maybe(route, "retries", lambda: retries(draw), 0.25)
    if draw.likely(0.12):
        injected = fault(draw)
        if injected:
            route["fault"] = injected
    draw.maybe(route, "corsPolicy", lambda: cors(draw), 0.1)
    draw.maybe(route, "headers", lambda: headers(draw), 0.15)
    return route


def text_match(draw: Draw, value: str = "v") -> Object:
    kind = draw.one("exact", "prefix", "regex")
    # The expression is drawn for every kind.
    expression = draw.one(value + ".*", ".*", "[a-z]+")
    return {kind: {"exact": value, "prefix": value[:3], "regex": expression}[kind]}


def match(draw: Draw, namespace: str, gateways: list[str]) -> Object:
    condition: Object = {}
    if draw.likely(0.7):
        kind = draw.one("exact", "prefix", "regex")
        paths = {"exact": draw.one("/", "/a", "/a/b"), "prefix": draw.one("/", "/a", "/api/", "/x"), "regex": draw.one("/.*", "/v[0-9]+/.*", ".*")}
        condition["uri"] = {kind: paths[kind]}
    draw.maybe(condition, "name", lambda: draw.name("m"), 0.1)
    draw.maybe(condition, "method", lambda: text_match(draw, "GET"), 0.15)
    draw.maybe(condition, "scheme", lambda: text_match(draw, "https"), 0.08)
    draw.maybe(condition, "authority", lambda: text_match(draw, "foo.example"), 0.1)
    draw.maybe(condition, "headers", lambda: {draw.one("x-h", "end-user", "cookie"): draw.one(text_match(draw), {}, text_match(draw))}, 0.2)
    draw.maybe(condition, "withoutHeaders", lambda: {draw.one("x-w", "x-v"): draw.one(text_match(draw), {})}, 0.1)
    draw.maybe(condition, "queryParams", lambda: {"q": text_match(draw)}, 0.1)
    draw.maybe(condition, "ignoreUriCase", lambda: True, 0.15)
    draw.maybe(condition, "port", draw.first_port, 0.12)
    draw.maybe(condition, "sourceLabels", draw.selector, 0.12)
    draw.maybe(condition, "sourceNamespace", draw.namespace, 0.08)
    draw.maybe(condition, "statPrefix", lambda: draw.one("abc", "d.e"), 0.08)
    if len(gateways) > 1:
        draw.maybe(condition, "gateways", lambda: [draw.chance.choice(gateways)], 0.15)
    return condition


def redirect(draw: Draw) -> Object:
    to: Object = {}
    draw.maybe(to, "uri", lambda: draw.one("/new", "%PREFIX()%/x", "/z"), 0.6)
    draw.maybe(to, "authority", lambda: "other.example", 0.5)
    if draw.likely(0.3):
        to["port"] = 8443
    elif draw.likely(0.3):
        to["derivePort"] = draw.one("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT")
    draw.maybe(to, "scheme", lambda: draw.one("http", "https"), 0.4)
    draw.maybe(to, "redirectCode", lambda: draw.one(301, 302, 303, 307, 308), 0.5)
    return to or {"uri": "/q"}


def add_forwarding(draw: Draw, namespace: str, route: Object) -> None:
    count = draw.one(1, 1, 1, 2, 3)
    targets: list[Object] = [{"destination": draw.destination(namespace)} for _ in range(count)]
    route["route"] = targets
    if count > 1:
        weights = draw.one([50, 50, 0], [1, 2, 3], [90, 10, 5], [0, 100, 0])
        for target, weight in zip(targets, weights, strict=False):
            target["weight"] = weight
    else:
        draw.maybe(targets[0], "weight", lambda: draw.one(0, 100, 7), 0.1)
    for target in targets:
        draw.maybe(target, "headers", lambda: headers(draw), 0.15)
    draw.maybe(route, "rewrite", lambda: rewrite(draw), 0.15)
    draw.maybe(route, "mirror", lambda: draw.destination(namespace), 0.08)
    if "mirror" in route:
        draw.maybe(route, "mirrorPercentage", lambda: {"value": draw.one(0, 0.1, 12.5, 100)}, 0.5)
    else:
        draw.maybe(route, "mirrors", lambda: [mirror(draw, namespace) for _ in range(draw.one(1, 2))], 0.06)


def mirror(draw: Draw, namespace: str) -> Object:
    copy: Object = {"destination": draw.destination(namespace)}
    draw.maybe(copy, "percentage", lambda: {"value": draw.one(1, 50.5)}, 0.5)
    return copy


def rewrite(draw: Draw) -> Object:
    return draw.one(
        {"uri": "/w"},
        {"uri": "/"},
        {"authority": "re.example"},
        {"uri": "/w", "authority": "re.example"},
        {"uriRegexRewrite": {"match": "^/(a)/(.*)$", "rewrite": "/\\2/\\1"}},
    )


def retries(draw: Draw) -> Object:
    policy: Object = {"attempts": draw.one(0, 1, 3, 5)}
    if policy["attempts"]:
        draw.maybe(policy, "perTryTimeout", draw.positive_duration, 0.4)
        conditions = ("5xx", "gateway-error,connect-failure", "503,reset", "retriable-4xx,409", "unavailable,cancelled", "retriable-headers")
        draw.maybe(policy, "retryOn", lambda: draw.one(*conditions), 0.5)
        draw.maybe(policy, "retryRemoteLocalities", draw.likely)
        draw.maybe(policy, "backoff", draw.positive_duration, 0.2)
        draw.maybe(policy, "retryIgnorePreviousHosts", draw.likely)
    return policy


def fault(draw: Draw) -> Object:
    injected: Object = {}
    draw.maybe(injected, "delay", lambda: delay(draw), 0.6)
    draw.maybe(injected, "abort", lambda: abort(draw), 0.6)
    return injected


def delay(draw: Draw) -> Object:
    injected: Object = {"fixedDelay": draw.positive_duration()}
    draw.maybe(injected, "percentage", lambda: {"value": draw.one(0.01, 10, 100)}, 0.7)
    return injected


def abort(draw: Draw) -> Object:
    injected: Object = draw.one({"httpStatus": 503}, {"grpcStatus": "UNAVAILABLE"}, {"httpStatus": 418})
    draw.maybe(injected, "percentage", lambda: {"value": draw.one(0.5, 25)}, 0.7)
    return injected


def cors(draw: Draw) -> Object:
    policy: Object = {}
    draw.maybe(policy, "allowOrigins", lambda: [text_match(draw, "https://a.b") for _ in range(draw.one(1, 2))], 0.8)
    draw.maybe(policy, "allowMethods", lambda: ["GET", "POST"], 0.5)
    draw.maybe(policy, "allowHeaders", lambda: ["x-q"], 0.4)
    draw.maybe(policy, "exposeHeaders", lambda: ["x-e"], 0.4)
    draw.maybe(policy, "maxAge", lambda: "24h", 0.4)
    draw.maybe(policy, "allowCredentials", draw.likely, 0.4)
    draw.maybe(policy, "unmatchedPreflights", lambda: draw.one("FORWARD", "IGNORE"))
    return policy


def headers(draw: Draw) -> Object:
    operations: Object = {}
    for side in ("request", "response"):
        if not draw.likely():
            continue
        changes: Object = {}
        last = ":authority" if side == "request" else "x-z"
        draw.maybe(changes, "set", lambda last=last: {draw.one("x-a", "X-B", "host", last): draw.one("1", "%DOWNSTREAM_REMOTE_ADDRESS%", "a b")}, 0.5)
        draw.maybe(changes, "add", lambda: {draw.one("x-c", "x-d"): draw.one("1", "yy")}, 0.4)
        draw.maybe(changes, "remove", lambda: [draw.one("x-e", "x-f")], 0.4)
        operations[side] = changes
    return operations
