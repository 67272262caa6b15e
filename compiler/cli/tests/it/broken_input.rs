//! Bad input, as a user would make it: told with its place, and never half compiled.

mod objects;
mod references;
mod syntax;
mod trees;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::golden;
use crate::run::Run;
use crate::sandbox::{Files, SHOP, Sandbox};

/// One kind of bad input. It is compiled in a folder whose `mesh` holds it beside the good `mesh/shop.yaml`.
pub(crate) struct Case {
    /// Name of the golden file with what a person reads.
    name: &'static str,
    /// Writes the input.
    input: fn(&Sandbox),
    /// How the build ends.
    end: End,
    /// Every finding, as `mesh/a.yaml:7:10: error[invalid-value]`, in order.
    findings: &'static [&'static str],
}

/// How a build ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Warnings at most: the output is written.
    Clean,
    /// An error that refuses only the requests that it names: the output is written.
    Contained,
    /// An error that keeps the last good output.
    Refused,
}

impl End {
    fn code(self) -> i32 {
        match self {
            Self::Clean => 0,
            Self::Contained | Self::Refused => 1,
        }
    }
}

/// What became of a case.
struct Outcome {
    case: &'static Case,
    concise: Run,
    human: Run,
    json: Run,
    /// The output of the last build.
    output: Files,
    /// What stands in the folder after it.
    entries: Vec<String>,
}

/// The output of a build of the good input alone, which stands in the folder before the bad input comes.
fn good() -> &'static Files {
    static GOOD: OnceLock<Files> = OnceLock::new();
    GOOD.get_or_init(|| {
        let sandbox = Sandbox::new();
        sandbox.file("mesh/shop.yaml", SHOP);
        let run = build(&sandbox, "concise");
        assert_eq!((run.code, run.findings().len()), (Some(0), 0), "{}", run.stderr);
        sandbox.files("out")
    })
}

/// Every case, built once for each format.
fn outcomes() -> &'static [Outcome] {
    static OUTCOMES: OnceLock<Vec<Outcome>> = OnceLock::new();
    OUTCOMES.get_or_init(|| {
        let cases = [syntax::CASES, trees::CASES, objects::CASES, references::CASES];
        cases.into_iter().flatten().map(outcome).collect()
    })
}

fn outcome(case: &'static Case) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.file("mesh/shop.yaml", SHOP);
    for (path, content) in good() {
        sandbox.file(&Path::new("out").join(path).to_string_lossy(), content);
    }
    (case.input)(&sandbox);
    let [concise, mut human, json] = ["concise", "human", "json"].map(|format| build(&sandbox, format));
    // Where links lead is told in full.
    human.stderr = human.stderr.replace(&*sandbox.path().to_string_lossy(), "/work");
    Outcome { case, concise, human, json, output: sandbox.files("out"), entries: sandbox.entries() }
}

fn build(sandbox: &Sandbox, format: &str) -> Run {
    sandbox.run(&["build", "mesh", "--out-dir", "out", "--emit", "k8s,bootstrap,xds", "--output", format])
}

#[test]
fn every_case_is_told_with_its_code_and_place() {
    let mut wrong = Vec::new();
    for Outcome { case, concise, .. } in outcomes() {
        if (concise.code, concise.findings().as_slice()) != (Some(case.end.code()), case.findings) {
            wrong.push(format!("{}: exit {:?}\n{}", case.name, concise.code, concise.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_case_leaves_a_whole_output_or_the_old_one() {
    for Outcome { case, output, entries, .. } in outcomes() {
        if case.end == End::Refused {
            assert!(output == good(), "{}: the output changed", case.name);
        }
        let one_of_each_set =
            ["k8s/kustomization.yaml", "bootstrap/shop.cart/bootstrap.json", "xds/shop.cart/routes.json"];
        for path in one_of_each_set.into_iter().chain(["meshc.metadata", "identities.yaml"]) {
            assert!(output.contains_key(Path::new(path)), "{}: no {path}", case.name);
        }
        let foreign = entries.iter().find(|entry| !["mesh", "out", "secret"].contains(&entry.as_str()));
        assert_eq!(foreign, None, "{}", case.name);
    }
}

#[test]
fn what_a_person_reads_is_golden() {
    let mut texts = BTreeMap::new();
    for Outcome { case, human, .. } in outcomes() {
        assert_eq!(human.stdout, "", "{}", case.name);
        let path = PathBuf::from(format!("{}.txt", case.name));
        // How many files a build writes is not what these files are about.
        let said: Vec<&str> = human.stderr.lines().filter(|line| !line.starts_with("Compiled ")).collect();
        let earlier = texts.insert(path, format!("{}\nexit {}\n", said.join("\n"), case.end.code()));
        assert!(earlier.is_none(), "two cases are called {}", case.name);
    }
    golden::assert("broken-input", &texts);
}

#[test]
fn what_a_program_reads_says_the_same() {
    for Outcome { case, json, .. } in outcomes() {
        let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let findings: Vec<String> = report["findings"].as_array().unwrap().iter().map(concise).collect();
        assert_eq!(findings, case.findings, "{}", case.name);
        assert_eq!(json.code, Some(case.end.code()), "{}", case.name);
    }
}

/// A finding of the JSON report, as the concise report begins its line.
fn concise(finding: &serde_json::Value) -> String {
    let text = |pointer: &str| finding.pointer(pointer).and_then(serde_json::Value::as_str).unwrap();
    let start = |field: &str| &finding["location"]["start"][field];
    format!(
        "{}:{}:{}: {}[{}]",
        text("/location/file"),
        start("line"),
        start("column"),
        text("/level"),
        text("/rule")
    )
}
