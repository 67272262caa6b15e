# Everything that is run often. `just` lists it.

envoys := env("MESHC_ENVOY_DIR", env("HOME") / ".cache/meshc/envoy")
recordings := "../shared/conformance/istiod"

_list:
    @just --list --unsorted

# Compile bookinfo, run it on real Envoys, print what traffic did.
demo:
    ci/demo

# The gate: format, lint, tests, real Envoys.
test:
    ci/test

# Rewrite golden files and schemas.
bless:
    BLESS=1 INSTA_UPDATE=always cargo test --release --locked --workspace

# Format and lint only.
lint:
    cargo fmt --all --check
    cargo clippy --release --locked --workspace --all-targets -- -D warnings

# Score the traffic folders against what a real istiod sent, and hold the page of differences against the report.
parity:
    cargo build --release --locked -p meshc
    ci/parity

# Compare with the inputs and outputs of Istio's unit tests, and hold the page of differences against what is left.
second-source *OPTIONS:
    cargo build --release --locked -p meshc
    ci/second-source {{OPTIONS}}

# Compare random meshes with a real istiod that runs in this machine; not part of the gate.
against-istiod *OPTIONS:
    cargo build --release --locked -p meshc
    ci/against-istiod {{OPTIONS}}

# Score any folders, by a pattern over their names.
score pattern=".":
    cargo build --release --locked -p meshc
    ../shared/tools/parity target/release/meshc {{recordings}} '{{pattern}}'

# Time the commands with hyperfine.
bench:
    cargo build --release --locked
    rm -rf target/bench && mkdir -p target/bench
    hyperfine --warmup 3 -N 'target/release/meshc --help'
    hyperfine --warmup 3 -N 'target/release/meshc build testdata/scenarios/bookinfo/mesh --out-dir target/bench/bookinfo --quiet'
    ci/bench-compiler
    cargo bench --locked -p meshc-ca --bench issue

# Compare the bundled proxy with nginx, haproxy and Envoy: CPU per request in one interleaved run.
bench-proxy *OPTIONS:
    ci/setup bench
    cargo build --release --locked -p meshc
    cargo build --profile dist --locked -p meshc-proxy
    ci/bench/proxy.py {{OPTIONS}}
