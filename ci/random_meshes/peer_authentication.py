"""PeerAuthentications of the mesh, of namespaces and of workloads."""

from .draw import Draw, Object, made
from .sidecar import ROOT_NAMESPACE


def peer_authentication(draw: Draw) -> Object:
    namespace = draw.chance.choice([*draw.namespaces, ROOT_NAMESPACE])
    spec: Object = {"mtls": {"mode": draw.one("STRICT", "PERMISSIVE", "DISABLE", "UNSET")}}
    if namespace != ROOT_NAMESPACE and draw.likely(0.6):
        spec["selector"] = {"matchLabels": draw.selector()}
        draw.maybe(spec, "portLevelMtls", lambda: {draw.one(8080, 80, 9090): {"mode": draw.one("STRICT", "DISABLE", "PERMISSIVE")}}, 0.5)
    return made("PeerAuthentication", namespace, draw.name("pa"), spec, "security.istio.io/v1")
