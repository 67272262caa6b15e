"""The recorded mesh whose workloads and Services a random mesh takes over."""

import json
import pathlib
import typing

import yaml

from .draw import Object, Router, Service

# Kinds that random objects stand in for, or that would make objects of their own.
ROUTING = {"GatewayClass", "Ingress", "IngressClass"}


class Unsuitable(Exception):
    """A recording that says more than a random mesh takes over."""


class Recording:
    """What a random mesh needs of a recording."""

    def __init__(self, folder: pathlib.Path):
        if not (folder / "expanded.yaml").exists():
            raise Unsuitable(f"{folder} is not a recording")
        if (folder / "networks.yaml").exists():
            raise Unsuitable(f"{folder.name} has several networks, which the recorder does not know")
        self.folder = folder
        self.proxies: list[Object] = json.loads((folder / "proxies.json").read_text())
        everything = documents(folder / "expanded.yaml")
        self.expanded = [one for one in everything if not is_routing(one)]
        self.input = [one for path in sorted(folder.glob("input/*.yaml")) for one in documents(path)]
        self.services = [service(one) for one in everything if one["kind"] == "Service"]

    def tree(self) -> list[Object]:
        """The Kubernetes objects of the tree, endpoint slices last."""
        rest = [one for one in self.input if not is_routing(one) and one["kind"] != "EndpointSlice"]
        return rest + [one for one in self.input if one["kind"] == "EndpointSlice"]

    def applications(self) -> list[Service]:
        """Services that objects are drawn for."""
        return [one for one in self.services if one.ports and "gateway" not in one.name]

    def namespaces(self) -> list[str]:
        return sorted({one.namespace for one in self.services} - {"istio-system"}) or ["default"]

    def has_router(self) -> bool:
        return any(proxy["type"] == "router" for proxy in self.proxies)

    def routers(self) -> list[Router]:
        found = [
            Router(proxy["namespace"], {key: value for key, value in proxy["labels"].items() if key in ("istio", "app")})
            for proxy in self.proxies
            if proxy["type"] == "router"
        ]
        return found or [Router("istio-system", {"istio": "none"})]

    def labels(self) -> list[tuple[str, str]]:
        sidecars = [proxy for proxy in self.proxies if proxy["type"] == "sidecar"]
        return sorted({(key, value) for proxy in sidecars for key, value in proxy["labels"].items() if key in ("app", "version")}) or [("app", "x")]

    def mesh_config(self) -> Object:
        """The overlay of the recording; empty where it has none."""
        path = self.folder / "mesh.yaml"
        return yaml.safe_load(path.read_text()) if path.exists() else {}

    def effective_mesh_config(self) -> Object:
        return json.loads((self.folder / "meshconfig.effective.json").read_text())


def documents(path: pathlib.Path) -> list[typing.Any]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def is_routing(one: Object) -> bool:
    """Whether an object is Istio's, of the Gateway API, or an Ingress."""
    version = one.get("apiVersion", "")
    return ".istio.io/" in version or "gateway.networking.k8s.io" in version or one["kind"] in ROUTING


def service(one: Object) -> Service:
    ports = [(port.get("name"), port["port"]) for port in one["spec"].get("ports", []) if port.get("protocol", "TCP") == "TCP"]
    return Service(one["metadata"]["namespace"], one["metadata"]["name"], ports)
