//! No bytes make loading, decoding or rendering panic, run away or point outside the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use meshc_diagnostics::{Diagnostics, Sources, render};
use meshc_source::{InputFile, load};

fuzz_target!(|bytes: &[u8]| {
    let mut diagnostics = Diagnostics::new();
    let set = load(vec![InputFile::new("a.yaml", bytes)], &mut diagnostics);
    for document in &set.documents {
        let decoded: Result<serde_json::Value, _> = document.deserialize();
        assert_eq!(decoded.as_ref(), Ok(&document.to_value()));
    }
    let findings = diagnostics.into_sorted();
    for label in findings.iter().filter_map(|finding| finding.primary.as_ref()) {
        let range = label.span.start as usize..label.span.end as usize;
        assert!(set.files.text(label.span.file).get(range).is_some());
    }
    let _ = render::human(&findings, &set.files, false, 80);
});
