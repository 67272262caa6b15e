//! Replacing the root without a moment at which two proxies refuse each other.
//!
//! Enters: the folder of an authority, identity requests, what proxies say of their certificates, the present time.
//! Leaves: the folder in its next phase, or what is missing before it may be. The phase is a file beside the authority,
//! `rotation.yaml`, which is committed with it:
//!
//! | phase    | leaves are issued by | every `ca.crt` holds | left when                                             |
//! |----------|----------------------|----------------------|-------------------------------------------------------|
//! | `add`    | the old authority    | new and old root     | every proxy trusts the new root                       |
//! | `switch` | the new authority    | new and old root     | every proxy presents a leaf of it, and old ones ended |
//! | `done`   | the new authority    | the new root         |                                                       |
//!
//! The new authority is in `next/` until then. The new root is the first of `ca.crt`, because Envoy up to 1.36 reports
//! only the first root of a file. The other phases (`staging`, `promoting`, `aborting`) are those of a run that was
//! killed; the next run ends what it began.

#[cfg(test)]
mod crash;
mod evidence;
mod folder;
mod gate;
mod layout;
mod pods;
mod state;
mod steps;

pub use evidence::Evidence;
pub use gate::Gap;
pub(crate) use layout::Layout;
pub(crate) use state::{NEXT, ROTATION};
pub use state::{Rotation, RotationPhase};
pub use steps::{
    RotationOptions, Step, abort_rotation, add_root, remove_root, renew_intermediate, rotation, switch_root,
};
