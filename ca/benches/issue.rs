//! Leaves a second on one core: key generation and signature; the same with PEM; the same written to disk, a hundred
//! service accounts at a time, with plaintext keys and with keys and Secrets sealed to one age recipient.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use meshc_ca::{
    AgeRecipients, CaMaterial, InitOptions, IssueOptions, Issuer, KeyAlgorithm, KeyProtection, init, issue,
    issue_all, write_issued,
};
use meshc_contract::{IdentityRequest, IdentityRequests, SecretRef, SpiffeId};
use time::macros::datetime;

fn issuer(now: time::OffsetDateTime) -> Issuer {
    let options = InitOptions {
        trust_domain: "cluster.local".to_owned(),
        algorithm: KeyAlgorithm::EcdsaP256,
        root_lifetime: "3650d".parse().expect("a lifetime"),
        intermediate_lifetime: "365d".parse().expect("a lifetime"),
    };
    let CaMaterial { root, intermediate } = init(&options, now).expect("an authority");
    Issuer::new(&[intermediate.certificate], &[root.certificate], Box::new(intermediate.key))
        .expect("an issuer")
}

fn requests() -> IdentityRequests {
    let request = |n: usize| IdentityRequest {
        spiffe_id: SpiffeId {
            trust_domain: "cluster.local".to_owned(),
            namespace: "bookinfo".to_owned(),
            service_account: format!("account-{n}"),
        },
        ttl: "24h".parse().expect("a lifetime"),
        workloads: Vec::new(),
        secret: SecretRef { namespace: "bookinfo".to_owned(), name: format!("meshc-sa-account-{n}") },
    };
    IdentityRequests {
        version: 1,
        trust_domain: "cluster.local".to_owned(),
        requests: (0..100).map(request).collect(),
    }
}

fn leaves(criterion: &mut Criterion) {
    let now = datetime!(2026-11-24 12:00:00 UTC);
    let issuer = issuer(now);
    let requests = requests();
    let request = &requests.requests[0];
    let options = IssueOptions::default();
    let one = || issue(request, &issuer, &options, now).expect("a leaf");
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let recipients = AgeRecipients::parse([recipient.as_str()]).expect("a recipient");

    let mut group = criterion.benchmark_group("leaf");
    group.throughput(Throughput::Elements(1));
    group.bench_function("keygen and sign", |bencher| bencher.iter(one));
    group.bench_function("keygen, sign, PEM", |bencher| {
        bencher.iter(|| {
            let leaf = one();
            (leaf.certificate_chain_pem().expect("PEM"), leaf.key.to_pem().expect("PEM"))
        });
    });
    group.throughput(Throughput::Elements(requests.requests.len() as u64));
    for (name, protection) in [
        ("files, plaintext keys", KeyProtection::Plaintext),
        ("files, age and SOPS", KeyProtection::Age(recipients)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().expect("a folder"),
                |dir| {
                    let issued = issue_all(&requests, &issuer, &options, now).expect("leaves");
                    write_issued(dir.path(), &issued, &protection).expect("written");
                    dir
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, leaves);
criterion_main!(benches);
