"""The recorder of istiod: building it once into the cache, and running it on one mesh."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "istiod"
PATH = os.environ["PATH"] + ":/usr/local/go/bin"
# The recordings are made with it, and istiod's settings of an installation have it too.
FLAGS = {"PILOT_ENABLE_ALPHA_GATEWAY_API": "true"}
# How long istiod may take for one mesh, in seconds.
PATIENCE = 100


def has_go():
    """Whether Go is there to build the recorder."""
    return shutil.which("go", path=PATH) is not None


def build():
    """The recorder. It is built where the cache has none of these sources, which takes six minutes once."""
    sources = sorted([*SOURCE.glob("*.go"), SOURCE / "go.mod", SOURCE / "go.sum"])
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    program = pathlib.Path(os.environ.get("MESHC_CACHE") or home / "meshc") / "istiod-record" / digest / "istiod-record"
    if not program.exists():
        print("against-istiod: building istiod, which takes six minutes once", file=sys.stderr)
        program.parent.mkdir(parents=True, exist_ok=True)
        partial = program.with_suffix(".partial")
        # Without symbols, which are a third of the binary.
        command = ["go", "build", "-mod=readonly", "-ldflags", "-s -w", "-o", partial, "."]
        if subprocess.run(command, cwd=SOURCE, env={**os.environ, "PATH": PATH}, check=False).returncode != 0:
            sys.exit("against-istiod: the recorder of istiod does not build")
        partial.rename(program)
    return program


def record(program, folder, flags):
    """Records one mesh; what the recorder said where it failed, or nothing."""
    try:
        run = subprocess.run(
            [program, folder], env={**os.environ, **FLAGS, **flags}, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"istiod takes more than {PATIENCE} seconds"
    return None if run.returncode == 0 else run.stderr.strip()[-400:] or f"exit status {run.returncode}"
