//! Which program runs what a plan says.

/// A program that a plan is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyTarget {
    /// Envoy, of either build.
    Envoy,
    /// The bundled proxy, `meshc-proxy`.
    MeshcProxy,
}

impl ProxyTarget {
    /// The target of a word of the annotation `meshc.dev/target` or of the command line.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Envoy, Self::MeshcProxy].into_iter().find(|target| target.word() == word)
    }

    /// The word that people write for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::MeshcProxy => "proxy",
        }
    }
}
