//! Rules of capture in the words of `iptables-restore`: those that Istio's init container makes (dataplane.md §4.1).

use std::collections::BTreeSet;
use std::fmt::Write;

use meshc_plan::{CaptureMode, InboundPorts, IpRange, OutboundRanges, TrafficCapture};

/// Mark of connections that TPROXY has handed over; also the number of the routing rule's mark.
pub(super) const TPROXY_MARK: u32 = 1337;
/// Mark of the proxy's own connections to the application.
const TPROXY_OUTBOUND_MARK: u32 = 1338;
/// Port of HBONE, which carries mTLS of its own.
const HBONE_PORT: u16 = 15008;

/// A family of addresses, each with tables of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4, `iptables-restore`.
    V4,
    /// IPv6, `ip6tables-restore`.
    V6,
}

impl IpFamily {
    /// The loopback address.
    pub(super) fn loopback(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1/32",
            Self::V6 => "::1/128",
        }
    }

    /// The address from which the proxy connects to the application.
    fn inbound_source(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.6/32",
            Self::V6 => "::6/128",
        }
    }

    fn has(self, range: IpRange) -> bool {
        range.address.is_ipv4() == (self == Self::V4)
    }
}

/// The rules of a family, for `iptables-restore --noflush`. Chains of ours are emptied first, so that the rules may be restored
/// again.
#[must_use]
pub fn iptables_rules(capture: &TrafficCapture, family: IpFamily) -> String {
    let mut rules = Rules { family, capture, mangle: Table::default(), nat: Table::default() };
    rules.excluded_interfaces();
    rules.virtual_interfaces();
    rules.targets();
    rules.inbound();
    rules.outbound();
    rules.inbound_marks();
    let mut text = String::new();
    rules.mangle.print("mangle", &mut text);
    rules.nat.print("nat", &mut text);
    text
}

/// A table: its own chains, and its rules in the order in which they are made.
#[derive(Default)]
struct Table {
    chains: BTreeSet<&'static str>,
    rules: Vec<String>,
}

impl Table {
    fn append(&mut self, chain: &'static str, rule: &str) {
        self.declare(chain, rule);
        self.rules.push(format!("-A {chain} {rule}"));
    }

    fn insert(&mut self, chain: &'static str, position: usize, rule: &str) {
        self.declare(chain, rule);
        self.rules.push(format!("-I {chain} {position} {rule}"));
    }

    /// Declares the chain of a rule and the one that it jumps to.
    fn declare(&mut self, chain: &'static str, rule: &str) {
        const OWN: [&str; 6] = [
            "ISTIO_DIVERT",
            "ISTIO_INBOUND",
            "ISTIO_IN_REDIRECT",
            "ISTIO_OUTPUT",
            "ISTIO_REDIRECT",
            "ISTIO_TPROXY",
        ];
        let target = rule.rsplit_once("-j ").map_or("", |(_, target)| target);
        for own in OWN {
            if own == chain || own == target {
                self.chains.insert(own);
            }
        }
    }

    fn print(&self, name: &str, text: &mut String) {
        if self.rules.is_empty() {
            return;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "*{name}");
        for chain in &self.chains {
            let _ = writeln!(text, ":{chain} - [0:0]");
        }
        for rule in &self.rules {
            let _ = writeln!(text, "{rule}");
        }
        let _ = writeln!(text, "COMMIT");
    }
}

struct Rules<'c> {
    family: IpFamily,
    capture: &'c TrafficCapture,
    mangle: Table,
    nat: Table,
}

impl Rules<'_> {
    fn is_tproxy(&self) -> bool {
        self.capture.mode == CaptureMode::Tproxy
    }

    fn captures_inbound(&self) -> bool {
        !matches!(&self.capture.inbound, InboundPorts::Only(ports) if ports.is_empty())
    }

    /// Traffic of excluded interfaces is let through before anything else.
    fn excluded_interfaces(&mut self) {
        for interface in &self.capture.excluded_interfaces {
            let (incoming, outgoing) =
                (format!("-i {interface} -j RETURN"), format!("-o {interface} -j RETURN"));
            self.nat.append("PREROUTING", &incoming);
            self.nat.append("OUTPUT", &outgoing);
            if self.is_tproxy() {
                self.mangle.append("PREROUTING", &incoming);
                self.mangle.append("OUTPUT", &outgoing);
            }
        }
    }

    /// What a virtual machine sends comes in through its interface, but is not inbound.
    fn virtual_interfaces(&mut self) {
        for interface in &self.capture.virtual_interfaces {
            self.nat.insert("PREROUTING", 1, &format!("-i {interface} -j RETURN"));
        }
    }

    /// Chains that hand connections to the proxy.
    fn targets(&mut self) {
        let TrafficCapture { outbound_port, inbound_port, .. } = self.capture;
        self.nat.append("ISTIO_INBOUND", &format!("-p tcp --dport {HBONE_PORT} -j RETURN"));
        self.nat.append("ISTIO_REDIRECT", &format!("-p tcp -j REDIRECT --to-ports {outbound_port}"));
        self.nat.append("ISTIO_IN_REDIRECT", &format!("-p tcp -j REDIRECT --to-ports {inbound_port}"));
    }

    fn inbound(&mut self) {
        if !self.captures_inbound() {
            return;
        }
        if self.is_tproxy() {
            self.tproxy_target();
        }
        let table = if self.is_tproxy() { &mut self.mangle } else { &mut self.nat };
        table.append("PREROUTING", "-p tcp -j ISTIO_INBOUND");
        match &self.capture.inbound {
            InboundPorts::AllBut(excluded) => {
                for port in excluded {
                    table.append("ISTIO_INBOUND", &format!("-p tcp --dport {port} -j RETURN"));
                }
                self.take("-p tcp");
            }
            InboundPorts::Only(ports) => {
                for port in ports {
                    self.take(&format!("-p tcp --dport {port}"));
                }
            }
        }
    }

    /// Hands inbound connections that match over.
    fn take(&mut self, criteria: &str) {
        if self.is_tproxy() {
            let established = "-m conntrack --ctstate RELATED,ESTABLISHED";
            self.mangle.append("ISTIO_INBOUND", &format!("{criteria} {established} -j ISTIO_DIVERT"));
            self.mangle.append("ISTIO_INBOUND", &format!("{criteria} -j ISTIO_TPROXY"));
        } else {
            self.nat.append("ISTIO_INBOUND", &format!("{criteria} -j ISTIO_IN_REDIRECT"));
        }
    }

    /// Marked packets are routed to the socket of the proxy, which has the address that the client dialled.
    fn tproxy_target(&mut self) {
        let (loopback, port) = (self.family.loopback(), self.capture.inbound_port);
        self.mangle.append("ISTIO_DIVERT", &format!("-j MARK --set-mark {TPROXY_MARK}"));
        self.mangle.append("ISTIO_DIVERT", "-j ACCEPT");
        self.mangle.append(
            "ISTIO_TPROXY",
            &format!(
                "! -d {loopback} -p tcp -j TPROXY --tproxy-mark {TPROXY_MARK}/0xffffffff --on-port {port}"
            ),
        );
    }

    fn outbound(&mut self) {
        self.nat.append("OUTPUT", "-j ISTIO_OUTPUT");
        for port in &self.capture.excluded_outbound_ports {
            for protocol in ["tcp", "udp"] {
                self.nat.append("ISTIO_OUTPUT", &format!("-p {protocol} --dport {port} -j RETURN"));
            }
        }
        // The proxy speaks to the application.
        self.nat.append("ISTIO_OUTPUT", &format!("-o lo -s {} -j RETURN", self.family.inbound_source()));
        for (owner, id) in [("uid-owner", self.capture.proxy_user), ("gid-owner", self.capture.proxy_group)] {
            self.own_traffic(owner, id);
        }
        self.nat.append("ISTIO_OUTPUT", &format!("-d {} -j RETURN", self.family.loopback()));
        for range in self.ranges(&self.capture.excluded_outbound_ranges) {
            self.nat.append("ISTIO_OUTPUT", &format!("-d {range} -j RETURN"));
        }
        for port in &self.capture.included_outbound_ports {
            self.nat.append("ISTIO_OUTPUT", &format!("-p tcp --dport {port} -j ISTIO_REDIRECT"));
        }
        match &self.capture.outbound {
            OutboundRanges::All => self.redirect(""),
            OutboundRanges::Only(ranges) => {
                for range in self.ranges(ranges) {
                    self.redirect(&format!("-d {range} "));
                }
            }
        }
    }

    /// Connections that the proxy makes, and connections of the application to itself.
    fn own_traffic(&mut self, owner: &str, id: u32) {
        let loopback = self.family.loopback();
        // A service that the application calls may lead back to it: then its own proxy takes the connection as inbound.
        self.nat.append(
            "ISTIO_OUTPUT",
            &format!(
                "-o lo ! -d {loopback} -p tcp ! --dport {HBONE_PORT} -m owner --{owner} {id} -j ISTIO_IN_REDIRECT"
            ),
        );
        // Whoever asks for loopback addresses to be captured wants the application's own connections too.
        if !self.captures_loopback() {
            self.nat.append("ISTIO_OUTPUT", &format!("-o lo -m owner ! --{owner} {id} -j RETURN"));
        }
        self.nat.append("ISTIO_OUTPUT", &format!("-m owner --{owner} {id} -j RETURN"));
    }

    fn captures_loopback(&self) -> bool {
        match &self.capture.outbound {
            OutboundRanges::All => false,
            OutboundRanges::Only(ranges) => ranges.iter().any(|range| range.address.is_loopback()),
        }
    }

    fn redirect(&mut self, destination: &str) {
        for interface in &self.capture.virtual_interfaces {
            self.nat.insert("PREROUTING", 1, &format!("-i {interface} {destination}-j ISTIO_REDIRECT"));
        }
        self.nat.append("ISTIO_OUTPUT", &format!("{destination}-j ISTIO_REDIRECT"));
    }

    /// With TPROXY, replies have to find back to the proxy, and its connections to the application must not be taken again.
    fn inbound_marks(&mut self) {
        if !self.is_tproxy() || !self.captures_inbound() {
            return;
        }
        let TrafficCapture { proxy_user, proxy_group, .. } = self.capture;
        let (loopback, source) = (self.family.loopback(), self.family.inbound_source());
        let (mark, own) = (TPROXY_MARK, TPROXY_OUTBOUND_MARK);
        let table = &mut self.mangle;
        table.append("PREROUTING", &format!("-p tcp -m mark --mark {mark} -j CONNMARK --save-mark"));
        table.append("OUTPUT", &format!("-p tcp -o lo -m mark --mark {mark} -j RETURN"));
        for owner in [format!("--uid-owner {proxy_user}"), format!("--gid-owner {proxy_group}")] {
            let rule = format!("! -d {loopback} -p tcp -o lo -m owner {owner} -j MARK --set-mark {own}");
            table.append("OUTPUT", &rule);
        }
        table.append("OUTPUT", &format!("-p tcp -m connmark --mark {mark} -j CONNMARK --restore-mark"));
        table.insert("ISTIO_INBOUND", 1, &format!("-p tcp -m mark --mark {mark} -j RETURN"));
        table.insert("ISTIO_INBOUND", 2, &format!("-p tcp -s {source} -i lo -j RETURN"));
        table.insert("ISTIO_INBOUND", 3, &format!("-p tcp -i lo -m mark ! --mark {own} -j RETURN"));
    }

    /// Ranges of the family, as texts.
    fn ranges(&self, ranges: &[IpRange]) -> Vec<String> {
        let of_family = ranges.iter().filter(|range| self.family.has(**range));
        of_family.map(|IpRange { address, prefix }: &IpRange| format!("{address}/{prefix}")).collect()
    }
}
