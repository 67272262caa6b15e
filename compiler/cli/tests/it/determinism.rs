//! Output is a function of the tree, the options and the version, and of nothing else.

use std::path::{Path, PathBuf};

use crate::recorded::{conformance, recordings, settings};
use crate::run::Run;
use crate::sandbox::{Files, Sandbox, files};
use crate::scenarios;

/// A tree with the flags that it is built with.
struct Tree {
    name: String,
    /// Files of the folder in which it is built, by their paths.
    files: Files,
    /// The folder of the input below it.
    input: &'static str,
    flags: Vec<String>,
}

/// In which order files are made and named, and on how many threads.
struct Way {
    backwards: bool,
    listed: bool,
    threads: &'static str,
}

const WAYS: &[Way] = &[
    Way { backwards: false, listed: false, threads: "1" },
    Way { backwards: true, listed: false, threads: "2" },
    Way { backwards: false, listed: true, threads: "2" },
    Way { backwards: true, listed: true, threads: "1" },
];

/// Builds a tree in a folder of its own; what it says and what it writes.
fn build(tree: &Tree, way: &Way) -> (Run, Files) {
    let sandbox = Sandbox::new();
    let mut paths: Vec<&PathBuf> = tree.files.keys().collect();
    if way.backwards {
        paths.reverse();
    }
    for path in &paths {
        sandbox.file(&path.to_string_lossy(), &tree.files[*path]);
    }
    let mut command = sandbox.meshc(&["build", "--out-dir", "out", "--emit", "k8s,bootstrap,xds"]);
    command.args(&tree.flags).env("RAYON_NUM_THREADS", way.threads);
    if way.listed {
        command.args(paths.into_iter().filter(|path| path.starts_with(tree.input)));
    } else {
        command.arg(tree.input);
    }
    (crate::run::finish(&mut command), sandbox.files("out"))
}

fn differences(tree: &Tree) -> Vec<String> {
    let (first, output) = build(tree, &WAYS[0]);
    let mut differences = Vec::new();
    for (number, way) in WAYS.iter().enumerate().skip(1) {
        let (run, files) = build(tree, way);
        if run.stderr != first.stderr {
            differences.push(format!("{}: findings of way {number} differ", tree.name));
        }
        let paths: Vec<_> = output.keys().chain(files.keys()).collect();
        let different = paths.into_iter().find(|path| output.get(*path) != files.get(*path));
        if let Some(path) = different {
            differences.push(format!("{}: {} of way {number} differs", tree.name, path.display()));
        }
    }
    differences
}

fn assert_deterministic(trees: &[Tree]) {
    assert!(!trees.is_empty());
    let differences: Vec<String> = trees.iter().flat_map(differences).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The files of a folder except some, by their paths in it.
fn tree(name: String, folder: &Path, input: &'static str, flags: Vec<String>) -> Tree {
    let all = files(folder);
    let kept = all.into_iter().filter(|(path, _)| {
        path.starts_with(input) || flags.iter().any(|flag| path.as_os_str() == flag.as_str())
    });
    Tree { name, files: kept.collect(), input, flags }
}

#[test]
fn scenarios_compile_to_the_same_bytes_in_any_order_and_on_any_number_of_threads() {
    let trees: Vec<Tree> = scenarios::all()
        .into_iter()
        .map(|scenario| tree(scenario.name, &scenario.folder, "mesh", scenario.options.flags))
        .collect();
    assert_deterministic(&trees);
}

#[test]
fn scenarios_compile_for_the_bundled_proxy_to_the_same_bytes_in_any_order() {
    let trees: Vec<Tree> = scenarios::all()
        .into_iter()
        .map(|scenario| {
            let target = ["--target", "proxy"].map(str::to_owned);
            let flags = scenario.options.flags.into_iter().chain(target).collect();
            tree(scenario.name, &scenario.folder, "mesh", flags)
        })
        .collect();
    assert_deterministic(&trees);
}

#[test]
fn recorded_meshes_compile_to_the_same_bytes_in_any_order_and_on_any_number_of_threads() {
    let Some(conformance) = conformance() else { return };
    let folders = recordings(&conformance);
    // A sample that nobody picked.
    let trees: Vec<Tree> = folders
        .iter()
        .step_by(folders.len().div_ceil(10))
        .map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            tree(name, folder, "input", settings(folder))
        })
        .collect();
    assert_deterministic(&trees);
}
