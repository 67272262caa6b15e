//! Bytes of a tree become documents whose every value knows its place.
//!
//! Enters: file contents, which `disk` alone fetches and only the cli calls; everything else here is pure. Leaves: a
//! [`SourceSet`]: the files with their lines, and one [`Document`] per Kubernetes object, read as kubectl reads YAML.
//! Must not know: what any kind means, or what the parser library is called (`parse` and `syntax` alone name it).

mod build;
mod comment;
mod decode;
pub mod disk;
mod document;
mod entries;
mod fault;
mod input;
mod json;
mod list;
mod load;
mod node;
mod parse;
mod path;
mod scalar;
mod source_map;
mod syntax;
mod tree;

pub use comment::{Comment, Placement};
pub use decode::DecodeError;
pub use document::Document;
pub use input::{Content, InputFile, Refusal};
pub use load::{SourceSet, load, open, parse_file};
pub use node::{Entry, NodeRef, Value};
pub use path::{push_index, push_key};
pub use source_map::SourceMap;
