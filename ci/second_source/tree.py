"""A recorded case as what meshc reads: a folder of objects, and the flags of one build.

A proxy becomes a Pod that has its address, labels and metadata: a tree knows a proxy by the pods that run it.
"""

import json

# Fields of MeshConfig that a test left empty, as one says so in a file. The others mean the same when they are absent.
UNSET = {
    "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
    "localityLbSetting": {"enabled": False},
    "enablePrometheusMerge": False,
    "enableTracing": False,
    "protocolDetectionTimeout": "0s",
}
# A flag without a variable of its own: Istio's tests set what the variable is read into.
NAMED = {"TraceSampling": "PILOT_TRACE_SAMPLING"}
# Metadata of a proxy that an object states in another way than by a variable `ISTIO_META_…`.
ELSEWHERE = {"LABELS", "NAMESPACE", "ISTIO_VERSION", "INTERCEPTION_MODE", "PROXY_CONFIG"}


def pod(proxy):
    """The Pod of a proxy."""
    metadata = proxy.get("metadata") or {}
    annotations = {}
    if proxy["type"] == "router":
        annotations["inject.istio.io/templates"] = "gateway"
    if "INTERCEPTION_MODE" in metadata:
        annotations["sidecar.istio.io/interceptionMode"] = metadata["INTERCEPTION_MODE"]
    if "PROXY_CONFIG" in metadata:
        annotations["proxy.istio.io/config"] = json.dumps(metadata["PROXY_CONFIG"])
    text = lambda value: value if isinstance(value, str) else json.dumps(value)
    env = [{"name": "ISTIO_META_" + key, "value": text(value)} for key, value in metadata.items() if key not in ELSEWHERE]
    addresses = proxy.get("ip_addresses") or proxy.get("ip") or []
    env.append({"name": "ISTIO_META_INSTANCE_IPS", "value": ",".join(addresses)})
    spec = {"containers": [{"name": "app"}, {"name": "istio-proxy", "env": env}]}
    if proxy.get("locality"):
        spec["nodeName"] = "node-of-the-proxy"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(proxy),
            "namespace": namespace(proxy),
            "labels": proxy.get("labels") or {},
            "annotations": annotations,
        },
        "spec": spec,
        "status": {"podIP": addresses[0], "podIPs": [{"ip": ip} for ip in addresses]} if addresses else {},
    }


def pod_name(proxy):
    """Name of the Pod of a proxy, which is the first part of its id."""
    return proxy.get("id", "proxy").split(".")[0].lower() or "proxy"


def namespace(proxy):
    """Namespace of the Pod of a proxy. A test may give a gateway two; the services of its pods are those of the one in its metadata."""
    return (proxy.get("metadata") or {}).get("NAMESPACE") or proxy["namespace"]


def folder(proxy):
    """Folder of the proxy in the output of meshc."""
    return f"{namespace(proxy)}.{pod_name(proxy)}"


def node(proxy):
    """The Node that says where a proxy runs; none where the proxy does not say it."""
    place = proxy.get("locality")
    if not place:
        return []
    names = {"region": "topology.kubernetes.io/region", "zone": "topology.kubernetes.io/zone", "subZone": "topology.istio.io/subzone"}
    labels = {label: place[part] for part, label in names.items() if part in place}
    return [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-of-the-proxy", "labels": labels}}]


def mesh_config(differences):
    """MeshConfig to lay over the defaults of an installation. Istio's tests have no default provider of metrics."""
    config = {"defaultProviders": {"metrics": []}}
    for field, value in differences.items():
        if value is None:
            if field in UNSET:
                config[field] = UNSET[field]
        elif field == "outboundTrafficPolicy" and not value.get("mode"):
            config[field] = {**value, "mode": "REGISTRY_ONLY"}
        else:
            config[field] = value
    return config


def flags(features):
    """Feature flags of istiod as lines of a file."""
    lines = []
    for name, flag in sorted(features.items()):
        key, value = flag["env"] or NAMED.get(name, name), flag["value"]
        if isinstance(value, bool):
            value = json.dumps(value)
        elif isinstance(value, int) and ("DURATION" in key or "TIMEOUT" in key):
            value = f"{value}ns"
        lines.append(f"{key}={value}")
    return lines


def domain(proxy):
    """DNS domain of the cluster, as the proxy's own domain tells it."""
    stated = proxy.get("dns_domain", "")
    return stated.split(".svc.", 1)[1] if ".svc." in stated else "cluster.local"


def write(path, objects):
    """Writes objects, one document each."""
    path.write_text("".join("---\n" + json.dumps(o) + "\n" for o in objects))


def build_arguments(tree, case, proxy, objects, texts=()):
    """Writes the input of one build below `tree` and returns what meshc is called with.

    Of two objects with one name the last file has the say, so that the Pod of the proxy takes the place of one that a test has too.
    """
    given = tree / "input"
    given.mkdir(parents=True)
    for i, text in enumerate(texts):
        (given / f"1-text-{i}.yaml").write_text(text)
    write(given / "2-objects.yaml", objects)
    write(given / "3-proxy.yaml", [pod(proxy), *node(proxy)])
    (tree / "mesh.yaml").write_text(json.dumps(mesh_config(case.get("mesh_config") or {})))
    (tree / "env").write_text("\n".join(flags(proxy.get("features") or case.get("features") or {})) + "\n")
    arguments = [given, "--mesh-config", tree / "mesh.yaml", "--istiod-env", tree / "env"]
    if case.get("mesh_networks"):
        (tree / "networks.yaml").write_text(json.dumps(case["mesh_networks"]))
        arguments += ["--mesh-networks", tree / "networks.yaml"]
    return [*arguments, "--cluster-domain", domain(proxy), "--inject", "all", "--envoy", "istio-proxy", "--emit", "xds", "--out-dir", tree / "out"]
