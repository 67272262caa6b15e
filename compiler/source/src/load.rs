//! Input files become documents.

use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, FileId, Span, codes};

use crate::document::Document;
use crate::fault::Fault;
use crate::input::{Content, InputFile, Refusal};
use crate::{NodeRef, SourceMap, Value, json, list, parse};

/// Everything that was read.
#[derive(Debug, Clone, Default)]
pub struct SourceSet {
    /// The files, in the order of their paths.
    pub files: SourceMap,
    /// The objects, in the order of files and of places in them.
    pub documents: Vec<Arc<Document>>,
}

/// Loads files, in the order of their paths. What cannot be read becomes a diagnostic; all else is still read.
#[must_use]
pub fn load(inputs: Vec<InputFile>, diagnostics: &mut Diagnostics) -> SourceSet {
    let (files, readable) = open(inputs, diagnostics);
    let mut documents = Vec::new();
    for file in readable {
        if let Some(text) = files.shared_text(file) {
            documents.extend(parse_file(file, text, diagnostics).into_iter().map(Arc::new));
        }
    }
    SourceSet { files, documents }
}

/// The first half of [`load`]: files in the order of their paths, and those that are to be parsed.
///
/// A driver with threads shares the latter out, calls [`parse_file`] for each, and puts documents and findings together
/// in the order of files.
#[must_use]
pub fn open(mut inputs: Vec<InputFile>, diagnostics: &mut Diagnostics) -> (SourceMap, Vec<FileId>) {
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let mut files = SourceMap::default();
    let readable = inputs.into_iter().filter_map(|input| add(&mut files, input, diagnostics)).collect();
    (files, readable)
}

/// The objects of one file, in order.
#[must_use]
pub fn parse_file(file: FileId, text: &Arc<str>, diagnostics: &mut Diagnostics) -> Vec<Document> {
    let mut objects = Vec::new();
    for (tree, root) in parse::parse(file, text, diagnostics) {
        let document = Document::new(Arc::new(tree), root);
        match document.root().value() {
            // A document of comments only; kubectl skips it too.
            Value::Null => {}
            Value::Map => list::expand(document, &mut objects, diagnostics),
            _ => diagnostics.push(not_an_object(document.root())),
        }
    }
    objects
}

/// What to say about a list or scalar where an object must stand.
fn not_an_object(root: NodeRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NOT_AN_OBJECT, "the document is not an object")
        .at(root.headline(), "expected keys such as `kind:`")
        .consequence("nothing of this document is compiled")
        .help("separate objects by a line `---`; keep files that are no manifests out of the tree")
}

/// Adds a file to the map; `None` if its content is not to be read.
fn add(files: &mut SourceMap, input: InputFile, diagnostics: &mut Diagnostics) -> Option<FileId> {
    let InputFile { path, content } = input;
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::Refused(refusal) => {
            let finding = refused(&path, refusal);
            let file = files.add(path, Arc::from(""));
            diagnostics.push(finding.at(Span { file, start: 0, end: 0 }, ""));
            return None;
        }
    };
    let Some(broken) = first_broken_byte(&bytes) else {
        let text: Arc<str> = String::from_utf8(bytes).unwrap_or_default().into();
        let json = path.ends_with(".json");
        let file = files.add(path, Arc::clone(&text));
        let fault = if json { json::fault(file, &text) } else { None };
        return match fault {
            None => Some(file),
            Some(Fault(finding)) => {
                diagnostics.push(finding.consequence("nothing of this file is compiled"));
                None
            }
        };
    };
    let finding = match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => not_utf8(&path, "UTF-16, not UTF-8"),
        bytes if bytes.contains(&0) => binary(&path),
        _ => not_utf8(&path, "not UTF-8"),
    };
    // Of a file that is no text, what stands before the first wrong byte is kept, so that the place can be shown.
    let file = files.add(path, String::from_utf8_lossy(&bytes[..broken]).into());
    let at = u32::try_from(broken).unwrap_or(u32::MAX);
    diagnostics.push(finding.at(Span { file, start: at, end: at }, "the first byte that is not text"));
    None
}

fn first_broken_byte(bytes: &[u8]) -> Option<usize> {
    let nul = bytes.iter().position(|byte| *byte == 0);
    let invalid = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
    nul.into_iter().chain(invalid).min()
}

fn binary(path: &str) -> Diagnostic {
    Diagnostic::new(&codes::BINARY_FILE, format!("`{path}` is a binary file"))
        .consequence("nothing of this file is compiled")
        .help("move it out of the tree, or give it another extension than .yaml, .yml or .json")
}

fn not_utf8(path: &str, encoding: &str) -> Diagnostic {
    Diagnostic::new(&codes::NOT_UTF8, format!("`{path}` is {encoding}"))
        .consequence("nothing of this file is compiled")
        .help("save the file as UTF-8")
}

fn refused(path: &str, refusal: Refusal) -> Diagnostic {
    let finding = match refusal {
        Refusal::SymlinkOutsideTree { target } => Diagnostic::new(
            &codes::SYMLINK_OUTSIDE_TREE,
            format!("the link `{path}` leaves the tree, to `{target}`"),
        )
        .help("put the file into the tree, or name its directory on the command line too"),
        Refusal::SymlinkLoop => {
            Diagnostic::new(&codes::SYMLINK_LOOP, format!("the link `{path}` goes round in a circle"))
                .help("delete the link")
        }
        Refusal::DanglingSymlink => {
            Diagnostic::new(&codes::DANGLING_SYMLINK, format!("the link `{path}` points to nothing"))
                .help("delete the link, or restore the file that it names")
        }
        Refusal::TooLarge { limit } => {
            let limit = limit >> 20;
            Diagnostic::new(&codes::FILE_TOO_LARGE, format!("`{path}` is larger than {limit} MiB"))
                .help("split the file, or keep it out of the tree if it is no manifest")
        }
        Refusal::NotAFile => {
            Diagnostic::new(&codes::NOT_A_FILE, format!("`{path}` is a socket, a pipe or a device"))
                .help("move it out of the tree")
        }
    };
    finding.consequence("nothing under this path is compiled")
}
