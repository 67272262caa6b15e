//! What people and programs get to see.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Code, Diagnostic, Diagnostics, FileId, Sources, Span, codes, render};

/// Files of a test.
#[derive(Default)]
struct Files(Vec<(String, String, Vec<u32>)>);

impl Files {
    fn add(&mut self, path: &str, text: &str) -> FileId {
        let starts = text.match_indices('\n').map(|(at, _)| u32::try_from(at).unwrap() + 1);
        self.0.push((path.to_owned(), text.to_owned(), std::iter::once(0).chain(starts).collect()));
        FileId(u32::try_from(self.0.len()).unwrap() - 1)
    }

    /// Where a word stands in a file for the n-th time.
    fn nth(&self, file: FileId, word: &str, n: usize) -> Span {
        let (start, word) = self.text(file).match_indices(word).nth(n).unwrap();
        let place = |at: usize| u32::try_from(at).unwrap();
        Span { file, start: place(start), end: place(start + word.len()) }
    }

    fn find(&self, file: FileId, word: &str) -> Span {
        self.nth(file, word, 0)
    }
}

impl Sources for Files {
    fn path(&self, file: FileId) -> &str {
        self.0.get(file.0 as usize).map_or("", |file| &file.0)
    }

    fn text(&self, file: FileId) -> &str {
        self.0.get(file.0 as usize).map_or("", |file| &file.1)
    }

    fn line_starts(&self, file: FileId) -> &[u32] {
        self.0.get(file.0 as usize).map_or(&[], |file| &file.2)
    }
}

fn plain(findings: &[Diagnostic], files: &Files) -> String {
    render::human(findings, files, false, 100)
}

fn virtual_service() -> ObjectRef {
    ObjectRef {
        group: "networking.istio.io".into(),
        kind: "VirtualService".into(),
        namespace: "bookinfo".into(),
        name: "reviews".into(),
    }
}

const ROUTES: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
spec:
  hosts: [reviews]
  http:
  - route:
    - destination:
        host: reviewz
        subset: v1
";

const SERVICES: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: reviews # é🔑
";

/// An unknown host, with the Service that was probably meant, and a warning in the same file.
fn example() -> (Files, Vec<Diagnostic>) {
    let mut files = Files::default();
    let routes = files.add("mesh/bookinfo/reviews.yaml", ROUTES);
    let services = files.add("mesh/bookinfo/services.yaml", SERVICES);
    let unknown = Diagnostic::new(&codes::UNKNOWN_HOST, "no Service or ServiceEntry provides `reviewz`")
        .at(files.find(routes, "reviewz"), "resolves to `reviewz.bookinfo.svc.cluster.local`")
        .related(files.find(services, "reviews"), "a Service with a similar name is here")
        .consequence("Envoy answers 503 to 1 route of VirtualService bookinfo/reviews")
        .help("use the existing Service:\nhost: reviews")
        .about(virtual_service(), "spec.http[0].route[0].destination.host");
    let duplicate = Diagnostic::new(&codes::DUPLICATE_KEY, "the key `x` stands twice in one mapping")
        .at(files.find(routes, "namespace"), "this one counts")
        .related(files.find(routes, "name"), "this one is ignored");
    (files, vec![duplicate, unknown])
}

#[test]
fn both_ends_of_a_reference_are_shown_also_across_files() {
    let (files, findings) = example();
    insta::assert_snapshot!(plain(&findings, &files));
}

#[test]
fn one_line_each_for_logs() {
    let (files, findings) = example();
    insta::assert_snapshot!(render::concise(&findings, &files));
}

#[test]
fn json_for_programs() {
    let (files, findings) = example();
    insta::assert_snapshot!(render::json(&findings, &files).replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn distant_lines_of_one_file_get_frames_of_their_own() {
    let mut files = Files::default();
    let file = files.add("a.yaml", &format!("first: 1\n{}last: 2\n", "x:\n".repeat(200)));
    let finding = Diagnostic::new(&codes::DUPLICATE_KEY, "stands twice")
        .at(files.find(file, "last"), "here")
        .related(files.find(file, "first"), "and here");
    insta::assert_snapshot!(plain(&[finding], &files));
}

#[test]
fn findings_without_a_place_name_what_they_are_about() {
    let mut files = Files::default();
    let empty = files.add("link.yaml", "");
    let findings = [
        Diagnostic::new(&codes::UNKNOWN_GATEWAY, "the mesh has no gateway"),
        Diagnostic::new(&codes::UNKNOWN_GATEWAY, "about an object").about(virtual_service(), ""),
        Diagnostic::new(&codes::SYMLINK_LOOP, "the link `link.yaml` leads back to itself")
            .at(Span { file: empty, start: 0, end: 0 }, ""),
    ];
    insta::assert_snapshot!(plain(&findings, &files) + &render::concise(&findings, &files));
}

#[test]
fn wide_characters_tabs_and_the_end_of_a_file_are_placed_right() {
    let mut files = Files::default();
    let file = files.add("a.yaml", "k: \"é🔑\" # ключ\n\tb: 漢字 x\r\nlast:");
    let end = u32::try_from(files.text(file).len()).unwrap();
    let findings = [
        Diagnostic::new(&codes::YAML_SYNTAX, "one").at(files.find(file, "ключ"), "here"),
        Diagnostic::new(&codes::TAB_INDENTATION, "two").at(files.find(file, "\t"), "a tab"),
        Diagnostic::new(&codes::YAML_SYNTAX, "three").at(files.find(file, "x"), ""),
        Diagnostic::new(&codes::YAML_SYNTAX, "four").at(Span { file, start: end, end }, "the end"),
    ];
    insta::assert_snapshot!(plain(&findings, &files) + &render::concise(&findings, &files));
}

#[test]
fn a_span_over_lines_is_shown_by_its_first_one() {
    let mut files = Files::default();
    let file = files.add("a.yaml", ROUTES);
    let finding = Diagnostic::new(&codes::UNKNOWN_HOST, "the route leads nowhere")
        .at(files.find(file, "route:\n    - destination:\n        host: reviewz"), "this route");
    insta::assert_snapshot!(plain(&[finding], &files));
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let mut files = Files::default();
    let many: String = (0..3_000).map(|n| format!("\"key{n}\":{n},")).collect();
    let file = files.add("a.json", &format!("{{{many}}}\n"));
    let at = |word: &str| files.find(file, word);
    let findings = [
        Diagnostic::new(&codes::DUPLICATE_KEY, "middle").at(at("\"key1500\""), "here"),
        Diagnostic::new(&codes::DUPLICATE_KEY, "start").at(at("\"key0\""), "here"),
        Diagnostic::new(&codes::DUPLICATE_KEY, "end and start")
            .at(at("2999,"), "here")
            .related(at("\"key2\""), "there"),
    ];
    let text = plain(&findings, &files);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn nothing_of_the_input_reaches_the_terminal_as_a_command() {
    let mut files = Files::default();
    let file = files.add("a\u{1b}[2J.yaml", "k: \u{1b}[31m\u{9b}0m\u{202e}x\n");
    let finding = Diagnostic::new(&codes::YAML_SYNTAX, "bad \u{1b}]8;;x\u{7} value")
        .at(files.find(file, "x"), "label \u{1b}c")
        .help("line\nbreak");
    let texts = [plain(std::slice::from_ref(&finding), &files), render::concise(&[finding], &files)];
    for text in texts {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (files, findings) = example();
    let colored = render::human(&findings, &files, true, 100);
    assert!(colored.contains("\u{1b}[1;31merror[unknown-host]\u{1b}[0m"), "{colored:?}");
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((text, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(text);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(stripped + rest, plain(&findings, &files));
}

#[test]
fn a_frame_far_down_a_large_file_is_at_its_line() {
    let mut files = Files::default();
    let file = files.add("big.yaml", &"key: value\n".repeat(1_000_000));
    let end = u32::try_from(files.text(file).len()).unwrap() - 11;
    let finding =
        Diagnostic::new(&codes::DUPLICATE_KEY, "late").at(Span { file, start: end, end: end + 3 }, "here");
    assert!(plain(std::slice::from_ref(&finding), &files).contains("big.yaml:1000000:1"));
}

#[test]
fn fingerprints_survive_edits_above_and_tell_equals_apart() {
    let print = |prefix: &str, path: &str| {
        let mut files = Files::default();
        let file = files.add("a.yaml", &format!("{prefix}host: reviewz\n"));
        let finding = Diagnostic::new(&codes::UNKNOWN_HOST, "unknown")
            .at(files.find(file, "reviewz"), "")
            .about(virtual_service(), path);
        let json = render::json(&[finding.clone(), finding], &files);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        [0, 1].map(|n| value["findings"][n]["fingerprint"].as_str().unwrap().to_owned())
    };
    let [first, second] = print("", "spec.http[0].host");
    assert_eq!(second, format!("{first}#2"));
    assert_eq!(print("# a comment\n\n", "spec.http[3].host")[0], first);
    assert_ne!(print("", "spec.tcp[0].host")[0], first);
}

#[test]
fn the_summary_counts_and_knows_its_grammar() {
    let finding = |code: &'static Code| Diagnostic::new(code, "x");
    let mut sink = Diagnostics::new();
    sink.push(finding(&codes::UNKNOWN_HOST));
    sink.push(finding(&codes::DUPLICATE_KEY));
    sink.push(finding(&codes::MERGE_OVERWRITES_KEY));
    let summary = render::summary(&sink.into_sorted(), 214, 1312);
    assert_eq!(summary, "Found 1 error, 2 warnings in 214 files, 1312 resources\n");
    assert_eq!(render::summary(&[], 1, 1), "No findings in 1 file, 1 resource\n");
}
