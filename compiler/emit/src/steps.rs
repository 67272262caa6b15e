//! How steps that do not depend on each other are carried out. The emitters name such steps; the caller decides, so that
//! no thread is started here and the result is the same with any number of them.

/// Carries steps out.
pub trait Steps {
    /// What `step` makes of each input, in the order of the inputs.
    fn each<I: Sync, O: Send>(&self, inputs: &[I], step: impl Fn(&I) -> O + Sync + Send) -> Vec<O>;
}

/// One step after the other.
#[derive(Debug, Clone, Copy)]
pub struct OneByOne;

impl Steps for OneByOne {
    fn each<I: Sync, O: Send>(&self, inputs: &[I], step: impl Fn(&I) -> O + Sync + Send) -> Vec<O> {
        inputs.iter().map(step).collect()
    }
}
