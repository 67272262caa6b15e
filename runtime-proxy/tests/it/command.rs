//! The command line.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::proxy::{config, free_port, loopback, tcp_listener, upstream};

fn run(command: &str, config: &Value) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxy.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let program = env!("CARGO_BIN_EXE_meshc-proxy");
    Command::new(program).args([command, "--config", path.to_str().unwrap()]).output().unwrap()
}

fn right() -> Value {
    config(&[tcp_listener("echo", free_port())], &[("server", upstream(loopback(80)))])
}

#[test]
fn validate_accepts_what_can_be_run() {
    let output = run("validate", &right());
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"valid\n"[..]));
}

#[test]
fn what_is_wrong_is_named_by_its_path_and_is_exit_2() {
    let with = |change: fn(&mut Value)| {
        let mut config = right();
        change(&mut config);
        config
    };
    let cases: [(&str, Value); 6] = [
        ("version: ", with(|config| config["version"] = json!(7))),
        ("listeners[0].colour", with(|config| config["listeners"][0]["colour"] = json!("red"))),
        ("drainDuration: ", with(|config| config["drainDuration"] = json!("soon"))),
        (
            "listeners[0].chains[0].tls",
            with(|config| {
                config["listeners"][0]["chains"][0]["tls"] =
                    json!({ "certificates": ["workload"], "client": {} });
            }),
        ),
        (
            "listeners[1].bind[0]",
            with(|config| {
                let mut twin = config["listeners"][0].clone();
                twin["name"] = json!("other");
                config["listeners"].as_array_mut().unwrap().push(twin);
            }),
        ),
        (
            "listeners[0].chains[1].matches",
            with(|config| {
                let chain = config["listeners"][0]["chains"][0].clone();
                config["listeners"][0]["chains"].as_array_mut().unwrap().push(chain);
            }),
        ),
    ];
    for (path, config) in cases {
        for command in ["validate", "run"] {
            let output = run(command, &config);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command}: {said}");
            assert!(said.contains(path), "{command}: `{path}` in {said}");
        }
    }
}

#[test]
fn dump_prints_what_it_read_with_what_the_file_left_out() {
    let config = right();
    let dumped: Value = serde_json::from_slice(&run("dump", &config).stdout).unwrap();
    assert_eq!(dumped["listeners"][0]["bind"], config["listeners"][0]["bind"]);
    assert_eq!(dumped["listeners"][0]["chains"][0]["matches"], json!({}));
    assert_eq!(serde_json::from_slice::<Value>(&run("dump", &dumped).stdout).unwrap(), dumped);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let program = env!("CARGO_BIN_EXE_meshc-proxy");
    let output = Command::new(program).args(["run", "--config", "/none/proxy.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/none/proxy.json"));
}
