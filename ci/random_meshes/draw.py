"""The source of chance, and what is drawn for many kinds: services, hosts, destinations, durations."""

import random
import typing
from collections.abc import Callable

Object = dict[str, typing.Any]


class Service(typing.NamedTuple):
    """A Kubernetes Service that objects may name, with its TCP ports by name and number."""

    namespace: str
    name: str
    ports: list[tuple[str | None, int]]

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc.cluster.local"


class Router(typing.NamedTuple):
    """A gateway proxy, and the labels that a Gateway selects it by."""

    namespace: str
    labels: dict[str, str]


class Draw:
    """Draws objects of one mesh, and remembers those that later ones may refer to."""

    def __init__(self, chance: random.Random, services: list[Service], namespaces: list[str], routers: list[Router], labels: list[tuple[str, str]]):
        self.chance = chance
        self.services = services
        self.namespaces = namespaces
        self.routers = routers
        # Labels of workloads with a sidecar.
        self.labels = labels
        # Hosts of the ServiceEntries so far with their ports, and the Gateways so far by namespace and name.
        self.external: list[tuple[str, list[int]]] = []
        self.gateways: list[tuple[str, str]] = []
        self.count = 0

    def likely(self, probability: float = 0.5) -> bool:
        return self.chance.random() < probability

    def one(self, *choices: typing.Any) -> typing.Any:
        return self.chance.choice(choices)

    def maybe(self, into: Object, key: str, value: Callable[[], typing.Any], probability: float = 0.3) -> None:
        """Sets a field now and then. The value is drawn only where it is set."""
        if self.likely(probability):
            into[key] = value()

    def duration(self) -> str:
        return self.one("1s", "2.5s", "250ms", "30s", "0s", "90s", "1m", "1h")

    def positive_duration(self) -> str:
        return self.one("1s", "2.5s", "250ms", "30s", "90s", "1m", "1h")

    def name(self, prefix: str) -> str:
        """A name that no other object of the mesh has."""
        self.count += 1
        return f"{prefix}-{self.count}"

    def namespace(self) -> str:
        return self.chance.choice(self.namespaces)

    def service(self) -> Service:
        return self.chance.choice(self.services)

    def selector(self) -> dict[str, str]:
        """One label of a workload."""
        return dict([self.chance.choice(self.labels)])

    def first_port(self) -> int:
        """The first port of some Service."""
        return self.service().ports[0][1]

    def export_to(self) -> list[str]:
        return [self.one("*", ".", self.namespace())]

    def host(self, namespace: str) -> str:
        """A host as an object of the namespace may spell it."""
        if self.external and self.likely(0.2):
            return self.chance.choice(self.external)[0]
        return self.spelled(self.service(), namespace)

    def host_and_port(self, namespace: str) -> tuple[str, int]:
        if self.external and self.likely(0.2):
            host, ports = self.chance.choice(self.external)
            return host, self.chance.choice(ports)
        service = self.service()
        host = self.spelled(service, namespace)
        return host, self.chance.choice(service.ports)[1]

    def spelled(self, service: Service, namespace: str) -> str:
        """The name of a Service, short now and then where that is possible."""
        short = service.namespace == namespace and self.likely(0.4)
        return service.name if short else service.host

    def destination(self, namespace: str) -> Object:
        host, port = self.host_and_port(namespace)
        destination: Object = {"host": host}
        number = port if self.likely(0.9) else 9999
        self.maybe(destination, "port", lambda: {"number": number}, 0.5)
        self.maybe(destination, "subset", lambda: self.one("v1", "v2"))
        return destination


def made(kind: str, namespace: str, name: str, spec: Object, version: str = "networking.istio.io/v1") -> Object:
    """An object of Istio."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
