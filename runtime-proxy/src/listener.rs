//! Where connections arrive: sockets that are bound, the loop that accepts, and the way of one connection from there to what
//! handles it.

mod accept;
mod backoff;
mod bind;
mod destination;
mod handle;

pub(crate) use accept::{Context, accept};
pub(crate) use bind::{Bound, bind};
