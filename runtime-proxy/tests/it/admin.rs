//! Ports of the proxy itself.

use serde_json::Value;

use crate::proxy::{Proxy, ask, config, echo_server, free_port, tcp_listener, upstream};

#[test]
fn each_port_answers_what_it_is_for_and_nothing_else() {
    let listener = tcp_listener("echo", free_port());
    let proxy = Proxy::start(config(&[listener], &[("server", upstream(echo_server()))]));
    assert_eq!(proxy.get(proxy.admin, "/ready"), (200, "LIVE\n".to_owned()));
    assert_eq!(proxy.get(proxy.status, "/healthz/ready").0, 200);
    for (port, path, status) in [
        (proxy.status, "/config_dump", 404),
        (proxy.prometheus, "/quitquitquit", 404),
        (proxy.prometheus, "/healthz/ready", 404),
        (proxy.admin, "/quitquitquit", 405),
        (proxy.admin, "/nothing", 404),
    ] {
        assert_eq!(proxy.get(port, path).0, status, "{path}");
    }
    let (_, info) = proxy.get(proxy.admin, "/server_info");
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!((&info["state"], &info["concurrency"]), (&"LIVE".into(), &2.into()));
    let (status, certs) = proxy.get(proxy.admin, "/certs");
    assert_eq!(
        (status, serde_json::from_str::<Value>(&certs).unwrap()["certificates"].is_array()),
        (200, true)
    );
    let (_, dump) = proxy.get(proxy.admin, "/config_dump");
    let dump: Value = serde_json::from_str(&dump).unwrap();
    assert_eq!(dump["config"]["admin"], proxy.config()["admin"]);
    assert_eq!(dump["endpoints"]["server"][0]["healthy"], true);
    assert_eq!(proxy.metric("meshc_proxy_build_info{"), Some(1.0));
}

#[test]
fn quitquitquit_drains_and_ends() {
    let listener = tcp_listener("echo", free_port());
    let proxy = Proxy::start(config(&[listener], &[("server", upstream(echo_server()))]));
    assert_eq!(ask(proxy.admin, "POST", "/quitquitquit").0, 200);
    proxy.wait_for("draining");
    assert!(proxy.wait().success());
}
