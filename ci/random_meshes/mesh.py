"""A whole random mesh, in the form of the recordings."""

import copy
import json
import pathlib
import random
import shutil

import yaml

from .destination_rule import destination_rule
from .draw import Draw, Object
from .gateway import gateway
from .mesh_config import mesh_config
from .peer_authentication import peer_authentication
from .recording import Recording
from .service_entry import service_entry
from .sidecar import sidecar
from .virtual_service import virtual_service

# The file of a mesh that holds the random objects.
OBJECTS = "input/50-istio.yaml"


def write(folder: pathlib.Path, seed: int, base: Recording) -> None:
    """Writes the mesh of a seed over the workloads of a recording into a new folder."""
    chance = random.Random(seed)
    objects = drawn(chance, base)
    (folder / "input").mkdir(parents=True)
    write_documents(folder / "expanded.yaml", base.expanded + allocated(objects))
    write_documents(folder / "input/00-kube.yaml", base.tree())
    write_documents(folder / OBJECTS, objects)
    shutil.copyfile(base.folder / "proxies.json", folder / "proxies.json")
    if (base.folder / "env").exists():
        shutil.copyfile(base.folder / "env", folder / "env")
    fields = mesh_config(chance)
    overlay = {**base.mesh_config(), **fields}
    if overlay:
        (folder / "mesh.yaml").write_text(yaml.safe_dump(overlay))
    (folder / "meshconfig.effective.json").write_text(json.dumps({**base.effective_mesh_config(), **fields}))


def drawn(chance: random.Random, base: Recording) -> list[Object]:
    """The random objects. ServiceEntries and Gateways come first, so that the others can name them."""
    draw = Draw(chance, base.applications(), base.namespaces(), base.routers(), base.labels())
    objects = [service_entry(draw) for _ in range(chance.randint(0, 5))]
    if base.has_router():
        objects += [gateway(draw) for _ in range(chance.randint(1, 4))]
    objects += [virtual_service(draw) for _ in range(chance.randint(3, 12))]
    objects += [destination_rule(draw) for _ in range(chance.randint(2, 10))]
    objects += [sidecar(draw) for _ in range(chance.choice([0, 0, 1, 2]))]
    objects += [peer_authentication(draw) for _ in range(chance.choice([0, 0, 1, 2]))]
    return objects


def allocated(objects: list[Object]) -> list[Object]:
    """The ServiceEntries with their automatic addresses, as istiod's allocator gives them in order of namespace and name."""
    entries = [copy.deepcopy(one) for one in objects if one["kind"] == "ServiceEntry"]
    entries.sort(key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"]))
    count = 0
    for entry in entries:
        spec = entry["spec"]
        addresses = []
        if not spec.get("addresses") and spec["resolution"] != "NONE":
            for host in spec["hosts"]:
                if not host.startswith("*"):
                    count += 1
                    addresses += [{"host": host, "value": f"240.240.0.{count}"}, {"host": host, "value": f"2001:2::{count:x}"}]
        if addresses:
            entry["status"] = {"addresses": addresses}
        entry["metadata"]["creationTimestamp"] = "2024-01-01T00:00:00Z"
    return entries


def leave_out(folder: pathlib.Path, refused: list[Object]) -> bool:
    """Takes the objects that istiod refuses out of a mesh. Whether that moved automatic addresses, which the others then have anew."""
    gone = {(one["kind"], one["namespace"], one["name"]) for one in refused}
    path = folder / OBJECTS
    objects = read_documents(path)
    kept = [one for one in objects if (one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) not in gone]
    if len(kept) == len(objects):
        return False
    write_documents(path, kept)
    expanded = read_documents(folder / "expanded.yaml")
    others = [one for one in expanded if one["kind"] != "ServiceEntry"]
    write_documents(folder / "expanded.yaml", others + allocated(kept))
    return any(kind == "ServiceEntry" for kind, _, _ in gone)


def read_documents(path: pathlib.Path) -> list[Object]:
    return [json.loads(text) for text in path.read_text().split("\n---\n")]


def write_documents(path: pathlib.Path, objects: list[Object]) -> None:
    path.write_text("\n---\n".join(json.dumps(one, indent=1, default=str) for one in objects) + "\n")
