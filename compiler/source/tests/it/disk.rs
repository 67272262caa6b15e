//! What is read from a tree, and what is refused.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use meshc_source::disk::{MAX_FILE_BYTES, OUTPUT_MARKER, read_paths};
use meshc_source::{Content, InputFile, Refusal};

/// An empty directory of this test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn write(root: &Path, name: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, name).unwrap();
}

fn read(paths: &[&Path]) -> Vec<InputFile> {
    let paths: Vec<_> = paths.iter().map(|path| path.to_path_buf()).collect();
    read_paths(&paths, &mut &b"from stdin"[..]).unwrap()
}

/// Paths below the root, with a word for what was refused.
fn found(root: &Path, inputs: &[InputFile]) -> Vec<String> {
    let prefix = format!("{}/", root.display());
    let describe = |input: &InputFile| {
        let name = input.path.strip_prefix(&prefix).unwrap_or(&input.path);
        match &input.content {
            Content::Bytes(_) => name.to_owned(),
            Content::Refused(Refusal::SymlinkOutsideTree { .. }) => format!("{name} outside"),
            Content::Refused(Refusal::SymlinkLoop) => format!("{name} loop"),
            Content::Refused(Refusal::DanglingSymlink) => format!("{name} dangling"),
            Content::Refused(Refusal::TooLarge { .. }) => format!("{name} large"),
            Content::Refused(Refusal::NotAFile) => format!("{name} no file"),
        }
    };
    inputs.iter().map(describe).collect()
}

#[test]
fn manifests_are_read_in_order_and_hidden_entries_are_not() {
    let root = directory("order");
    for name in
        ["b.yaml", "a/z.yml", "a/b/c.json", "a.yaml", "README.md", ".hidden.yaml", ".git/x.yaml", "B.YAML"]
    {
        write(&root, name);
    }
    assert_eq!(found(&root, &read(&[&root])), ["B.YAML", "a.yaml", "a/b/c.json", "a/z.yml", "b.yaml"]);
}

#[test]
fn folders_that_meshc_wrote_are_read_only_if_they_are_named() {
    let root = directory("output");
    for name in ["a.yaml", "dist/identities.yaml", "dist/k8s/a.yaml", &format!("dist/{OUTPUT_MARKER}")] {
        write(&root, name);
    }
    assert_eq!(found(&root, &read(&[&root])), ["a.yaml"]);
    assert_eq!(found(&root, &read(&[&root.join("dist")])), ["dist/identities.yaml", "dist/k8s/a.yaml"]);
}

#[test]
fn files_that_are_named_are_read_whatever_they_are_called_and_each_once() {
    let root = directory("named");
    write(&root, "values.txt");
    write(&root, "a.yaml");
    let inputs =
        read(&[&root.join("values.txt"), &root, &root.join("a.yaml"), Path::new("-"), Path::new("-")]);
    assert_eq!(found(&root, &inputs), ["a.yaml", "values.txt", "<stdin>"]);
    assert_eq!(inputs[2].content, Content::Bytes(b"from stdin".to_vec()));
}

#[test]
fn links_within_the_tree_are_followed_to_what_has_no_name_of_its_own() {
    let root = directory("links");
    write(&root, "..data/mounted.yaml");
    write(&root, "real/a.yaml");
    symlink("..data/mounted.yaml", root.join("mounted.yaml")).unwrap();
    symlink("..data", root.join("all")).unwrap();
    symlink("real/a.yaml", root.join("again.yaml")).unwrap();
    symlink("real", root.join("again")).unwrap();
    assert_eq!(found(&root, &read(&[&root])), ["all/mounted.yaml", "real/a.yaml"]);
}

#[test]
fn links_out_of_the_tree_loops_and_dangling_links_are_refused() {
    let outside = directory("outside");
    write(&outside, "secret.yaml");
    let root = directory("refused");
    write(&root, "a/a.yaml");
    symlink(&outside, root.join("dir")).unwrap();
    symlink(outside.join("secret.yaml"), root.join("secret.yaml")).unwrap();
    symlink(outside.join("secret.yaml"), root.join("secret.txt")).unwrap();
    symlink("..", root.join("a/up")).unwrap();
    symlink("self.yaml", root.join("self.yaml")).unwrap();
    symlink("nowhere", root.join("gone.yaml")).unwrap();
    symlink("nowhere", root.join("gone.txt")).unwrap();
    let expected = [
        "a/a.yaml",
        "a/up loop",
        "dir outside",
        "gone.yaml dangling",
        "secret.yaml outside",
        "self.yaml loop",
    ];
    assert_eq!(found(&root, &read(&[&root])), expected);
    let both = read(&[&root, &outside]);
    let secrets = both.iter().filter(|input| input.path.ends_with("secret.yaml")).count();
    assert_eq!(secrets, 1);
}

#[test]
fn a_web_of_links_costs_no_more_than_its_directories() {
    let root = directory("web");
    for level in 0..40 {
        write(&root, &format!("{level}/a.yaml"));
        if level > 0 {
            symlink(format!("../{}", level - 1), root.join(format!("{level}/x"))).unwrap();
            symlink(format!("../{}", level - 1), root.join(format!("{level}/y"))).unwrap();
        }
    }
    assert_eq!(read(&[&root]).len(), 40);
}

#[test]
fn sockets_and_files_beyond_the_limit_are_refused() {
    let root = directory("odd");
    let _socket = std::os::unix::net::UnixListener::bind(root.join("s.yaml")).unwrap();
    let large = fs::File::create(root.join("large.yaml")).unwrap();
    large.set_len(MAX_FILE_BYTES + 1).unwrap();
    assert_eq!(found(&root, &read(&[&root])), ["large.yaml large", "s.yaml no file"]);
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let missing = directory("missing").join("nope");
    let error = read_paths(std::slice::from_ref(&missing), &mut &b""[..]).unwrap_err();
    assert_eq!(error.path, missing.display().to_string());
}
