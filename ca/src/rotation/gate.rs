//! What must be shown before a phase may be left. A gate lists everything that is missing, not the first thing.

use std::collections::{BTreeMap, BTreeSet};

use meshc_contract::{IdentityRequest, IdentityRequests, Lifetime, SpiffeId, WorkloadRef};
use time::OffsetDateTime;

use super::evidence::{Evidence, Leaf, Report};
use super::pods::workload_of;
use crate::rfc3339;

/// Something that is missing before the next step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gap {
    /// Old leaves may still be valid.
    TooEarly {
        /// From when on none is.
        until: OffsetDateTime,
    },
    /// No certificate of the new authority was issued for an identity.
    NotIssued {
        /// The identity.
        spiffe_id: SpiffeId,
    },
    /// No proxy of a workload reported.
    WorkloadNotReported {
        /// Its identity.
        spiffe_id: SpiffeId,
        /// The workload.
        workload: WorkloadRef,
    },
    /// A pod that mounts a certificate did not report.
    PodNotReported {
        /// Its identity.
        spiffe_id: SpiffeId,
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
    },
    /// A report shows no certificate of the mesh.
    NoCertificate {
        /// The report's file.
        source: String,
        /// The pod, `<namespace>/<name>`.
        pod: String,
    },
    /// A proxy presents an identity that nobody asked for.
    UnknownIdentity {
        /// The report's file.
        source: String,
        /// The identity as it was reported.
        spiffe_id: String,
    },
    /// A proxy belongs to none of the workloads of its identity.
    UnknownWorkload {
        /// The report's file.
        source: String,
        /// The pod, `<namespace>/<name>`.
        pod: String,
        /// Its identity.
        spiffe_id: SpiffeId,
    },
    /// A proxy does not trust the new root.
    RootNotLoaded {
        /// The report's file.
        source: String,
        /// The pod, `<namespace>/<name>`.
        pod: String,
        /// Serial numbers of the roots that it trusts instead.
        trusts: Vec<String>,
    },
    /// A proxy presents a certificate that is not the one that the new authority issued.
    OtherLeaf {
        /// The report's file.
        source: String,
        /// The pod, `<namespace>/<name>`.
        pod: String,
        /// Serial number of what it presents.
        serial: String,
        /// First moment of its validity.
        not_before: OffsetDateTime,
    },
}

impl Gap {
    /// A stable name for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooEarly { .. } => "too-early",
            Self::NotIssued { .. } => "not-issued",
            Self::WorkloadNotReported { .. } => "workload-not-reported",
            Self::PodNotReported { .. } => "pod-not-reported",
            Self::NoCertificate { .. } => "no-certificate",
            Self::UnknownIdentity { .. } => "unknown-identity",
            Self::UnknownWorkload { .. } => "unknown-workload",
            Self::RootNotLoaded { .. } => "root-not-loaded",
            Self::OtherLeaf { .. } => "other-leaf",
        }
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooEarly { until } => {
                write!(f, "certificates of the old root may be valid until {}", rfc3339(*until))
            }
            Self::NotIssued { spiffe_id } => write!(
                f,
                "no certificate of the new root is there for {spiffe_id}: run `meshc ca issue` and apply its output"
            ),
            Self::WorkloadNotReported { spiffe_id, workload: WorkloadRef { namespace, name } } => write!(
                f,
                "no proxy of {namespace}/{name} reported ({spiffe_id}); if it has no pods, give the list of pods as evidence \
                 too"
            ),
            Self::PodNotReported { spiffe_id, namespace, pod } => {
                write!(f, "the pod {namespace}/{pod} did not report ({spiffe_id})")
            }
            Self::NoCertificate { source, pod } => {
                write!(f, "{pod} reports no certificate of this mesh ({source})")
            }
            Self::UnknownIdentity { source, spiffe_id } => write!(
                f,
                "{spiffe_id} is in use but not among the identity requests: build them again, or remove its pods ({source})"
            ),
            Self::UnknownWorkload { source, pod, spiffe_id } => write!(
                f,
                "{pod} is a pod of no workload of {spiffe_id}: the report must be called NAMESPACE.POD.json ({source})"
            ),
            Self::RootNotLoaded { source, pod, trusts } => write!(
                f,
                "{pod} does not trust the new root yet, only {} ({source})",
                if trusts.is_empty() { "none".to_owned() } else { trusts.join(", ") }
            ),
            Self::OtherLeaf { source, pod, serial, not_before } => write!(
                f,
                "{pod} presents {serial}, valid from {}, which is not what the new root's authority issued last: apply the \
                 certificates, then collect again ({source})",
                rfc3339(*not_before)
            ),
        }
    }
}

/// Serial numbers of the leaves of the new authority, as [`super::evidence::serial`] writes them.
pub(super) type NewLeaves = BTreeMap<SpiffeId, String>;

/// Before `switch`: every proxy trusts the new root.
pub(super) fn before_switch(evidence: &Evidence, requests: &IdentityRequests, new_root: &str) -> Vec<Gap> {
    let mut gaps = coverage(evidence, requests);
    for report in &evidence.reports {
        gaps.extend(root_not_loaded(report, requests, new_root));
    }
    sorted(gaps)
}

/// Before `remove`: every proxy trusts the new root and presents a leaf of it, and no old leaf can be valid.
pub(super) fn before_remove(
    evidence: &Evidence,
    requests: &IdentityRequests,
    new_root: &str,
    issued: &NewLeaves,
    old_leaves_end: OffsetDateTime,
    now: OffsetDateTime,
) -> Vec<Gap> {
    let mut gaps = before_switch(evidence, requests, new_root);
    if now < old_leaves_end {
        gaps.push(Gap::TooEarly { until: old_leaves_end });
    }
    let missing = requests.requests.iter().filter(|request| !issued.contains_key(&request.spiffe_id));
    gaps.extend(missing.map(|request| Gap::NotIssued { spiffe_id: request.spiffe_id.clone() }));
    for report in &evidence.reports {
        for (leaf, uri) in presented(report, requests) {
            let is_new = |id: SpiffeId| issued.get(&id).is_some_and(|serial| *serial == leaf.serial);
            if !uri.parse().is_ok_and(is_new) {
                gaps.push(Gap::OtherLeaf {
                    source: report.source.clone(),
                    pod: pod(report),
                    serial: leaf.serial.clone(),
                    not_before: leaf.not_before,
                });
            }
        }
    }
    sorted(gaps)
}

/// The longest life of a leaf that is in use or may have been issued, as far as requests and reports show it.
pub(super) fn longest_leaf(evidence: &Evidence, requests: &IdentityRequests) -> Option<Lifetime> {
    let asked = requests.requests.iter().map(|request| request.ttl);
    let seen = evidence.reports.iter().flat_map(|report| presented(report, requests));
    let seen = seen.filter_map(|(leaf, _)| lifetime(leaf.not_before, leaf.not_after));
    asked.chain(seen).max()
}

/// How long a certificate is valid; `None` when it never is.
pub(super) fn lifetime(not_before: OffsetDateTime, not_after: OffsetDateTime) -> Option<Lifetime> {
    let seconds = (not_after - not_before).whole_seconds();
    u64::try_from(seconds).ok().and_then(Lifetime::from_seconds)
}

fn sorted(gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn pod(report: &Report) -> String {
    format!("{}/{}", report.namespace, report.pod)
}

/// The leaves of the mesh that a proxy presents, with their SPIFFE ID. Contexts with other certificates, such as those of a
/// public host, are not the mesh's.
fn presented<'r>(
    report: &'r Report,
    requests: &IdentityRequests,
) -> impl Iterator<Item = (&'r Leaf, &'r str)> + use<'r> {
    let within = format!("spiffe://{}/", requests.trust_domain);
    report.contexts.iter().flat_map(|context| &context.leaves).filter_map(move |leaf| {
        let uri = leaf.uris.iter().find(|uri| uri.starts_with(&within))?;
        Some((leaf, uri.as_str()))
    })
}

/// Every workload of every identity reported, and every pod that is known; nobody else did.
fn coverage(evidence: &Evidence, requests: &IdentityRequests) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let by_id: BTreeMap<String, &IdentityRequest> =
        requests.requests.iter().map(|request| (request.spiffe_id.to_string(), request)).collect();
    let mut reported = BTreeSet::new();
    for report in &evidence.reports {
        let ids: BTreeSet<_> = presented(report, requests).map(|(_, uri)| uri).collect();
        if ids.is_empty() {
            gaps.push(Gap::NoCertificate { source: report.source.clone(), pod: pod(report) });
        }
        for id in ids {
            let Some(request) = by_id.get(id) else {
                let (source, spiffe_id) = (report.source.clone(), id.to_owned());
                gaps.push(Gap::UnknownIdentity { source, spiffe_id });
                continue;
            };
            match workload_of(&request.workloads, &report.namespace, &report.pod) {
                Some(workload) => {
                    reported.insert((&request.spiffe_id, workload));
                }
                None => gaps.push(Gap::UnknownWorkload {
                    source: report.source.clone(),
                    pod: pod(report),
                    spiffe_id: request.spiffe_id.clone(),
                }),
            }
        }
    }
    for request in &requests.requests {
        gaps.extend(not_reported(request, evidence, &reported));
    }
    gaps
}

/// Where the pods are known, they count; else each workload must have one that reported.
fn not_reported(
    request: &IdentityRequest,
    evidence: &Evidence,
    reported: &BTreeSet<(&SpiffeId, &WorkloadRef)>,
) -> Vec<Gap> {
    let spiffe_id = &request.spiffe_id;
    let Some(pods) = &evidence.pods else {
        let silent = request.workloads.iter().filter(|workload| !reported.contains(&(spiffe_id, *workload)));
        return silent
            .map(|workload| Gap::WorkloadNotReported {
                spiffe_id: spiffe_id.clone(),
                workload: workload.clone(),
            })
            .collect();
    };
    let silent = pods.iter().filter(|pod| {
        let is_of = |report: &Report| report.namespace == pod.namespace && report.pod == pod.name;
        pod.presents(request) && !evidence.reports.iter().any(is_of)
    });
    silent
        .map(|pod| Gap::PodNotReported {
            spiffe_id: spiffe_id.clone(),
            namespace: pod.namespace.clone(),
            pod: pod.name.clone(),
        })
        .collect()
}

fn root_not_loaded(report: &Report, requests: &IdentityRequests, new_root: &str) -> Option<Gap> {
    let within = format!("spiffe://{}/", requests.trust_domain);
    let of_mesh = |leaf: &Leaf| leaf.uris.iter().any(|uri| uri.starts_with(&within));
    let mut contexts = report.contexts.iter().filter(|context| context.leaves.iter().any(of_mesh));
    let context = contexts.find(|context| !context.roots.iter().any(|root| root == new_root))?;
    let trusts = context.roots.clone();
    Some(Gap::RootNotLoaded { source: report.source.clone(), pod: pod(report), trusts })
}
