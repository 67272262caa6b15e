//! Leaves a second on one core: key generation and signature; the same with the PEM files; the same with the key
//! encrypted to one age recipient. `just bench` runs it.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use meshc_ca::{
    AgeRecipients, CaMaterial, InitOptions, IssueOptions, Issuer, KeyAlgorithm, KeyProtection, init, issue,
    write_issued,
};
use meshc_contract::{IdentityRequest, SecretRef, SpiffeId};
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

fn leaves(criterion: &mut Criterion) {
    let now = datetime!(2026-11-24 12:00:00 UTC);
    let issuer = issuer(now);
    let request = IdentityRequest {
        spiffe_id: SpiffeId {
            trust_domain: "cluster.local".to_owned(),
            namespace: "bookinfo".to_owned(),
            service_account: "bookinfo-reviews".to_owned(),
        },
        ttl: "24h".parse().expect("a lifetime"),
        workloads: Vec::new(),
        secret: SecretRef { namespace: "bookinfo".to_owned(), name: "meshc-sa-bookinfo-reviews".to_owned() },
    };
    let options = IssueOptions::default();
    let one = || issue(&request, &issuer, &options, now).expect("a leaf");
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
    for (name, protection) in
        [("files, plaintext keys", KeyProtection::Plaintext), ("files, age", KeyProtection::Age(recipients))]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().expect("a folder"),
                |dir| {
                    write_issued(dir.path(), &[one()], &protection).expect("written");
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
