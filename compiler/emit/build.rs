//! Compiles the descriptors of the Envoy messages that this crate emits.
//!
//! Enters: the .proto files inside the package `envoy-types`, a dependency that is never built. Leaves:
//! `OUT_DIR/envoy.fds.z`, a compressed `FileDescriptorSet`. So nothing of Envoy's API is checked in and no protoc is needed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::{env, fs};

use protox::file::{File, FileResolver, GoogleFileResolver};

type Failure = Box<dyn Error>;

/// Folders of the package that import paths start from.
const INCLUDES: [&str; 8] = [
    "data-plane-api",
    "xds",
    "googleapis",
    "protoc-gen-validate",
    "cel-spec/proto",
    "client_model",
    "opentelemetry-proto",
    "ratelimit/api",
];

/// Resources that are emitted on their own and not inside `Any`.
const RESOURCES: [&str; 4] = [
    "envoy.config.bootstrap.v3.Bootstrap",
    "envoy.config.listener.v3.Listener",
    "envoy.config.cluster.v3.Cluster",
    "envoy.config.route.v3.RouteConfiguration",
];

/// Files of which a name cannot be resolved as written: protox tries every package that the pool knows where protoc tries
/// imported ones only, so the name needs its leading dot.
const PATCHES: [(&str, &str, &str); 1] = [(
    "envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.proto",
    " common.dynamic_forward_proxy.v3.DnsCacheConfig",
    " .envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig",
)];

macro_rules! any_types {
    ($($variant:ident($message:ident) = $url:tt,)*) => {
        const ANY_TYPES: &[&str] = &[$($url),*];
    };
}
include!("src/envoy/xds/any_types.rs");

fn main() -> Result<(), Failure> {
    for input in ["build.rs", "src/envoy/xds/any_types.rs", "../../Cargo.lock"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let protos = package_folder()?.join("proto");
    let roots = roots(&protos)?;
    // The lock file changes far more often than what is compiled here.
    let key = format!("{}\n{}\n{PATCHES:?}", protos.display(), roots.join("\n"));
    let (set, stamp) = (out.join("envoy.fds.z"), out.join("envoy.fds.key"));
    if set.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == key) {
        return Ok(());
    }
    let descriptors = compile(&protos, &roots)?;
    fs::write(&set, miniz_oxide::deflate::compress_to_vec(&descriptors, 8))?;
    Ok(fs::write(&stamp, key)?)
}

/// Where cargo unpacked `envoy-types`.
fn package_folder() -> Result<PathBuf, Failure> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "envoy-types")
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("cargo metadata does not list envoy-types")?;
    Ok(Path::new(manifest).parent().ok_or("a manifest without a folder")?.to_owned())
}

/// The .proto files, as import paths, that define the messages that are emitted.
fn roots(protos: &Path) -> Result<Vec<String>, Failure> {
    let in_any = ANY_TYPES.iter().filter(|url| !WITHOUT_DESCRIPTOR.contains(url));
    let names = in_any.filter_map(|url| url.rsplit('/').next()).chain(RESOURCES);
    let mut files = Vec::new();
    for name in names {
        files.push(defining_file(protos, name).ok_or_else(|| format!("no .proto file defines {name}"))?);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Envoy keeps every package in the folder of its name.
fn defining_file(protos: &Path, full_name: &str) -> Option<String> {
    let (package, message) = full_name.rsplit_once('.')?;
    let folder = package.replace('.', "/");
    let definition = format!("message {message} {{");
    for include in INCLUDES {
        let Ok(entries) = fs::read_dir(protos.join(include).join(&folder)) else { continue };
        for entry in entries.flatten() {
            let source = fs::read_to_string(entry.path()).unwrap_or_default();
            if source
                .lines()
                .any(|line| line.trim_end() == definition || line.trim_end() == format!("{definition}}}"))
            {
                return Some(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    None
}

/// Compiles every root with all that it imports. Each root gets a compiler of its own, see `PATCHES`.
fn compile(protos: &Path, roots: &[String]) -> Result<Vec<u8>, Failure> {
    let resolver = Resolver { protos: protos.to_owned(), parsed: Rc::default() };
    let mut files: BTreeMap<String, ()> = BTreeMap::new();
    let mut set = Vec::new();
    for root in roots {
        if files.contains_key(root) {
            continue;
        }
        let mut compiler = protox::Compiler::with_file_resolver(resolver.clone());
        compiler.include_imports(true).include_source_info(false);
        compiler.open_file(root).map_err(|error| format!("{root}: {error:?}"))?;
        let encoded = compiler.encode_file_descriptor_set();
        // The parts are copied byte for byte, since decoding them would lose the options that carry validation rules.
        for (name, part) in compiler.files().map(|file| file.name().to_owned()).zip(parts(&encoded)?) {
            if files.insert(name, ()).is_none() {
                set.extend_from_slice(part);
            }
        }
    }
    Ok(set)
}

/// Cuts an encoded `FileDescriptorSet` into its `FileDescriptorProto`s, each with its tag and length.
fn parts(mut set: &[u8]) -> Result<Vec<&[u8]>, Failure> {
    let mut parts = Vec::new();
    while !set.is_empty() {
        let (mut length, mut at) = (0usize, 1usize);
        loop {
            let byte = *set.get(at).ok_or("a truncated descriptor set")?;
            length |= usize::from(byte & 0x7f) << (7 * (at - 1));
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (part, rest) = set.split_at(at + length);
        parts.push(part);
        set = rest;
    }
    Ok(parts)
}

/// Finds imports, applies `PATCHES` and parses every file only once.
#[derive(Clone)]
struct Resolver {
    protos: PathBuf,
    parsed: Rc<RefCell<BTreeMap<String, File>>>,
}

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if let Some(file) = self.parsed.borrow().get(name) {
            return Ok(file.clone());
        }
        let path =
            INCLUDES.iter().map(|include| self.protos.join(include).join(name)).find(|path| path.exists());
        let file = match path.and_then(|path| fs::read_to_string(path).ok()) {
            None => GoogleFileResolver::new().open_file(name)?,
            Some(mut source) => {
                for (_, from, to) in PATCHES.iter().filter(|(file, ..)| *file == name) {
                    source = source.replace(from, to);
                }
                File::from_source(name, &source)?
            }
        };
        self.parsed.borrow_mut().insert(name.to_owned(), file.clone());
        Ok(file)
    }
}
