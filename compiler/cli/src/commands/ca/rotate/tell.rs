//! What a rotation says: the phase, what is missing, what to do next.

use std::path::Path;

use meshc_ca::{Authority, Gap, Rotation, RotationPhase, Step, inspect_certificate, rfc3339};
use serde_json::json;

use super::super::failure;
use crate::args::Global;
use crate::exit::{Failure, Outcome};
use crate::report;

/// Tells what came of a step.
pub(super) fn step(ca: &Path, step: &Step, global: &Global) -> Result<Outcome, Failure> {
    match step {
        Step::Made(rotation) => phase(ca, rotation, true, global),
        Step::AlreadyMade(rotation) => phase(ca, rotation, false, global),
        Step::Refused(gaps) => Ok(refused(gaps, global)),
    }
}

/// Tells how far a rotation has come.
pub(super) fn status(ca: &Path, rotation: Option<&Rotation>, global: &Global) -> Result<Outcome, Failure> {
    if let Some(rotation) = rotation {
        return phase(ca, rotation, false, global);
    }
    report::note("no rotation is under way", global);
    if global.json() {
        report::stdout(&line(&json!({ "phase": null, "made": false })));
    }
    Ok(Outcome::Clean)
}

fn phase(ca: &Path, rotation: &Rotation, made: bool, global: &Global) -> Result<Outcome, Failure> {
    let until = match rotation.phase {
        RotationPhase::Switch => Some(rfc3339(rotation.old_leaves_end(ca).map_err(failure)?)),
        _ => None,
    };
    let Rotation { phase, since, old_root, new_root, .. } = rotation;
    let since = rfc3339(*since);
    let verb = if made { "Now in" } else { "In" };
    report::note(&format!("{verb} phase {phase}, since {since}"), global);
    let next = next(*phase, until.as_deref());
    for (number, next) in next.iter().enumerate() {
        report::note(&format!("  {}. {next}", number + 1), global);
    }
    if global.json() {
        report::stdout(&line(&json!({
            "phase": phase.to_string(),
            "since": since,
            "made": made,
            "oldRoot": old_root,
            "newRoot": new_root,
            "oldLeavesEnd": until,
            "next": next,
        })));
    }
    Ok(Outcome::Clean)
}

/// What a person, or a pipeline, does next.
fn next(phase: RotationPhase, until: Option<&str>) -> Vec<String> {
    let next: &[&str] = match phase {
        RotationPhase::Add => &[
            "commit the folder of the authority; the key of the new root is in `next/` and belongs where the old one's is kept",
            "`meshc ca issue`: every certificate is issued again, with both roots in its ca.crt; apply the Secrets",
            "once proxies have loaded them, collect `/certs` of each and run `meshc ca rotate switch`",
        ],
        RotationPhase::Switch => &[
            "commit the folder of the authority",
            "`meshc ca issue`: every certificate is issued again, by the new authority; apply the Secrets",
        ],
        RotationPhase::Done => &[
            "commit the folder of the authority",
            "`meshc ca issue`: every ca.crt then holds the one root; apply the Secrets",
        ],
        RotationPhase::Staging | RotationPhase::Promoting | RotationPhase::Aborting => {
            &["a run was killed: run the same command again"]
        }
    };
    let mut next: Vec<String> = next.iter().map(|text| (*text).to_owned()).collect();
    next.extend(until.map(|until| {
        format!("after {until}, collect `/certs` of each proxy and run `meshc ca rotate remove`")
    }));
    next
}

fn refused(gaps: &[Gap], global: &Global) -> Outcome {
    if global.json() && global.quiet < 2 {
        let missing: Vec<_> =
            gaps.iter().map(|gap| json!({ "name": gap.name(), "message": gap.to_string() })).collect();
        report::stdout(&line(&json!({ "made": false, "missing": missing })));
    } else if global.quiet < 2 {
        let text: String = gaps.iter().map(|gap| format!("missing[{}]: {gap}\n", gap.name())).collect();
        report::stdout(&text);
    }
    let count = gaps.len();
    report::note(&format!("nothing was changed: evidence is missing ({count})"), global);
    Outcome::Findings
}

/// Tells whether there was anything to give up.
pub(super) fn aborted(made: bool, global: &Global) -> Outcome {
    report::note(
        if made {
            "the new root is gone; commit the folder, run `meshc ca issue` and apply the Secrets, so that no ca.crt holds it"
        } else {
            "no rotation is under way"
        },
        global,
    );
    if global.json() {
        report::stdout(&line(&json!({ "phase": null, "made": made })));
    }
    Outcome::Clean
}

/// Tells of a new intermediate.
pub(super) fn intermediate(authority: &Authority, global: &Global) -> Result<Outcome, Failure> {
    let facts = inspect_certificate(&authority.certificate).map_err(failure)?;
    let (subject, until) = (facts.subject, rfc3339(facts.not_after));
    report::note(&format!("the intermediate is `{subject}`, until {until}"), global);
    report::note("  commit the folder, run `meshc ca issue` and apply the Secrets", global);
    if global.json() {
        report::stdout(&line(&json!({ "subject": subject, "notAfter": until })));
    }
    Ok(Outcome::Clean)
}

fn line(value: &serde_json::Value) -> String {
    format!("{value}\n")
}
