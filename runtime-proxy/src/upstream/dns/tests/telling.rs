//! Who is told what, and when.

use serde_json::json;
use tokio::time::advance;

use super::super::super::tests::{compiled, groups, listed, name};
use super::*;

const V4: Family = Family::V4;
const V6: Family = Family::V6;

fn addresses(ttl: u64, ips: &[&str]) -> Answer {
    Answer::Addresses(ips.iter().map(|ip| ip.parse().unwrap()).collect(), Duration::from_secs(ttl))
}

fn resolver(script: &[(&str, Family, &[Answer])]) -> Resolver {
    let script =
        script.iter().map(|(name, family, answers)| (((*name).to_owned(), *family), (answers.to_vec(), 0)));
    Resolver::with_source(Source::Script(Script(Mutex::new(script.collect()))))
}

fn asked(resolver: &Resolver, name: &str, family: Family) -> usize {
    let Source::Script(script) = &resolver.0.source else { panic!("no script") };
    script.0.lock().unwrap().get(&(name.to_owned(), family)).map_or(0, |(_, asked)| *asked)
}

fn upstream(family: &str, refresh_rate: &str, names: &[&str]) -> Arc<Upstream> {
    let endpoints: Vec<_> = names.iter().map(|text| name(text)).collect();
    let mut discovery = groups(json!([{"endpoints": endpoints}]));
    discovery["endpoints"]["family"] = json!(family);
    discovery["endpoints"]["refreshRate"] = json!(refresh_rate);
    compiled(json!({"discovery": discovery}))
}

fn all(upstreams: &[&Arc<Upstream>]) -> BTreeMap<String, Arc<Upstream>> {
    upstreams.iter().enumerate().map(|(index, upstream)| (index.to_string(), (*upstream).clone())).collect()
}

/// Lets tasks that are due run.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

async fn pass(seconds: u64) {
    advance(Duration::from_secs(seconds)).await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_of_many_upstreams_is_asked_for_once() {
    let resolver = resolver(&[("db.example", V4, &[addresses(60, &["10.0.0.1"])])]);
    let upstreams: Vec<_> = (0..5).map(|_| upstream("v4Only", "30s", &["DB.example"])).collect();
    resolver.adopt(&all(&upstreams.iter().collect::<Vec<_>>()));
    resolver.answered().await;
    assert_eq!(asked(&resolver, "db.example", V4), 1);
    assert_eq!(asked(&resolver, "db.example", V6), 0);
}

#[tokio::test(start_paused = true)]
async fn addresses_follow_the_ttl_and_stay_while_servers_fail() {
    let answers = [
        addresses(5, &["10.0.0.1"]),
        addresses(5, &["10.0.0.2"]),
        Answer::Failure,
        Answer::Failure,
        addresses(600, &["10.0.0.3"]),
    ];
    let resolver = resolver(&[("db.example", V4, &answers)]);
    let db = upstream("v4Only", "30s", &["db.example"]);
    resolver.adopt(&all(&[&db]));
    resolver.answered().await;
    assert_eq!(listed(&db), ["10.0.0.1:80"]);
    pass(4).await;
    assert_eq!(listed(&db), ["10.0.0.1:80"]);
    pass(1).await;
    assert_eq!(listed(&db), ["10.0.0.2:80"]);
    pass(5).await;
    pass(2).await;
    assert_eq!((listed(&db), asked(&resolver, "db.example", V4)), (vec!["10.0.0.2:80".to_owned()], 4));
    pass(4).await;
    assert_eq!(listed(&db), ["10.0.0.3:80"]);
    pass(29).await;
    assert_eq!(asked(&resolver, "db.example", V4), 5);
    pass(1).await;
    assert_eq!(asked(&resolver, "db.example", V4), 6);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_gone_is_emptied_at_the_second_answer() {
    let answers = [addresses(5, &["10.0.0.1"]), Answer::Nothing];
    let resolver = resolver(&[("db.example", V4, &answers)]);
    let db = upstream("v4Only", "30s", &["db.example"]);
    resolver.adopt(&all(&[&db]));
    resolver.answered().await;
    pass(5).await;
    assert_eq!(listed(&db), ["10.0.0.1:80"]);
    pass(2).await;
    assert_eq!(listed(&db), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn both_families_are_told_together_and_the_failure_of_one_loses_nothing() {
    let v6 = [addresses(5, &["fd00::1"]), Answer::Failure];
    let resolver = resolver(&[("db.example", V4, &[addresses(5, &["10.0.0.1"])]), ("db.example", V6, &v6)]);
    let both = upstream("all", "30s", &["db.example"]);
    let only = upstream("v6Only", "30s", &["db.example"]);
    resolver.adopt(&all(&[&both, &only]));
    resolver.answered().await;
    assert_eq!(listed(&both), ["10.0.0.1:80", "[fd00::1]:80"]);
    assert_eq!(listed(&only), ["[fd00::1]:80"]);
    pass(5).await;
    assert_eq!(listed(&both), ["10.0.0.1:80", "[fd00::1]:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_configuration_is_told_what_is_known_and_old_names_are_forgotten() {
    let resolver = resolver(&[
        ("db.example", V4, &[addresses(600, &["10.0.0.1"])]),
        ("old.example", V4, &[addresses(5, &["10.0.0.9"])]),
    ]);
    let old = upstream("v4Only", "300s", &["db.example", "old.example"]);
    resolver.adopt(&all(&[&old]));
    resolver.answered().await;
    let new = upstream("v4Only", "30s", &["db.example"]);
    resolver.adopt(&all(&[&new]));
    assert_eq!(listed(&new), ["10.0.0.1:80"]);
    resolver.answered().await;
    let before = asked(&resolver, "old.example", V4);
    pass(60).await;
    assert_eq!(asked(&resolver, "old.example", V4), before);
    assert_eq!(resolver.0.entries().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_failures_too() {
    let resolver = resolver(&[]);
    let db = upstream("all", "30s", &["db.example"]);
    resolver.adopt(&all(&[&db]));
    assert_eq!(*resolver.0.open.borrow(), 2);
    resolver.answered().await;
    assert_eq!(listed(&db), [""; 0]);
    resolver.adopt(&BTreeMap::new());
    resolver.answered().await;
}

#[tokio::test(start_paused = true)]
async fn literals_and_local_names_need_no_server() {
    let settings = ResolverSettings::parse("nameserver 192.0.2.1\n", "10.0.0.5 db.example\n");
    let resolver = Resolver::new(settings);
    let local = upstream("v4Only", "30s", &["db.example", "localhost", "10.0.0.7"]);
    resolver.adopt(&all(&[&local]));
    resolver.answered().await;
    assert_eq!(listed(&local), ["10.0.0.5:80", "10.0.0.7:80", "127.0.0.1:80"]);
    assert!(resolver.0.entries().values().all(|entry| entry.task.is_none()));
}
