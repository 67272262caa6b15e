//! Protocols of ports, as istiod classifies them (`pkg/config/protocol`, `pkg/config/kube`; translation-spec §0.2).

/// Protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2 without TLS.
    Http2,
    /// The HTTP proxy protocol (Sidecar egress listeners only).
    HttpProxy,
    /// gRPC.
    Grpc,
    /// gRPC-Web.
    GrpcWeb,
    /// HTTPS that is not terminated; routed by SNI.
    Https,
    /// TLS that is not terminated; routed by SNI.
    Tls,
    /// Bytes.
    Tcp,
    /// UDP, which proxies ignore.
    Udp,
    /// MongoDB.
    Mongo,
    /// Redis.
    Redis,
    /// MySQL.
    Mysql,
    /// HBONE, only on Gateway servers of waypoints.
    Hbone,
    /// Not stated or not known: the proxy finds out by sniffing.
    Unsupported,
}

/// Service ports that are bytes unless their name or `appProtocol` says otherwise, because the server speaks first:
/// SMTP, DNS, MySQL and MongoDB. Sniffing would wait for a client that waits for the server.
const SERVER_FIRST_PORTS: [u16; 4] = [25, 53, 3306, 27017];

impl Protocol {
    /// Reads a protocol as ServiceEntry, Gateway and Sidecar write it, in any case. What Istio does not know is
    /// [`Protocol::Unsupported`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "http" => Self::Http,
            "http_proxy" => Self::HttpProxy,
            "http2" => Self::Http2,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::Mysql,
            "hbone" => Self::Hbone,
            _ => Self::Unsupported,
        }
    }

    /// Protocol of a port of a Kubernetes Service: `appProtocol` if stated, else the part of the port's name in front of
    /// the first dash, else bytes on the ports of well-known protocols in which the server speaks first.
    #[must_use]
    pub fn of_kubernetes_port(number: u16, name: &str, udp: bool, app_protocol: Option<&str>) -> Self {
        if udp {
            return Self::Udp;
        }
        let candidate = match app_protocol {
            Some("kubernetes.io/h2c") => return Self::Http2,
            Some("kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Https,
            Some(stated) => stated,
            None => name,
        };
        if candidate.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("grpc-web")) {
            return Self::GrpcWeb;
        }
        let word = candidate.split_once('-').map_or(candidate, |(word, _)| word);
        match Self::parse(word) {
            Self::Unsupported if SERVER_FIRST_PORTS.contains(&number) => Self::Tcp,
            protocol => protocol,
        }
    }

    /// Whether requests are routed: HTTP/1.1, HTTP/2, gRPC, gRPC-Web and the HTTP proxy protocol.
    #[must_use]
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether endpoints are spoken to in HTTP/2.
    #[must_use]
    pub fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether connections are routed by SNI without being terminated.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether connections are forwarded as bytes: TCP, TLS, HTTPS and the database protocols.
    #[must_use]
    pub fn is_tcp_like(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::Mysql)
    }

    /// Whether the proxy finds out the protocol by sniffing.
    #[must_use]
    pub fn is_auto(self) -> bool {
        self == Self::Unsupported
    }

    /// The name in Istio's documentation and error messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Http2 => "HTTP2",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Grpc => "GRPC",
            Self::GrpcWeb => "GRPC-Web",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Mongo => "Mongo",
            Self::Redis => "Redis",
            Self::Mysql => "MySQL",
            Self::Hbone => "HBONE",
            Self::Unsupported => "UnsupportedProtocol",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u16, name: &str, app_protocol: Option<&str>) -> Protocol {
        Protocol::of_kubernetes_port(number, name, false, app_protocol)
    }

    #[test]
    fn the_word_in_front_of_the_first_dash_names_the_protocol() {
        assert_eq!(of(80, "http", None), Protocol::Http);
        assert_eq!(of(80, "HTTP-status", None), Protocol::Http);
        assert_eq!(of(80, "http2-a-b", None), Protocol::Http2);
        assert_eq!(of(80, "grpc-web-x", None), Protocol::GrpcWeb);
        assert_eq!(of(80, "gRPC-Webby", None), Protocol::GrpcWeb);
        assert_eq!(of(80, "grpc-server", None), Protocol::Grpc);
        assert_eq!(of(80, "httpfoo", None), Protocol::Unsupported);
        assert_eq!(of(80, "", None), Protocol::Unsupported);
    }

    #[test]
    fn app_protocol_wins_over_the_name_even_if_it_is_unknown() {
        assert_eq!(of(80, "http", Some("tcp")), Protocol::Tcp);
        assert_eq!(of(80, "http", Some("kubernetes.io/h2c")), Protocol::Http2);
        assert_eq!(of(80, "http", Some("kubernetes.io/wss")), Protocol::Https);
        assert_eq!(of(80, "http", Some("example.com/custom")), Protocol::Unsupported);
    }

    #[test]
    fn ports_on_which_the_server_speaks_first_are_bytes() {
        assert_eq!(of(3306, "db", None), Protocol::Tcp);
        assert_eq!(of(3306, "mysql", None), Protocol::Mysql);
        assert_eq!(of(27017, "http-odd", None), Protocol::Http);
    }

    #[test]
    fn udp_is_udp_whatever_the_name_says() {
        assert_eq!(Protocol::of_kubernetes_port(53, "http", true, Some("grpc")), Protocol::Udp);
    }
}
