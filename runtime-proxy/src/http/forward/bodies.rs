//! Bodies of attempts.

use std::cell::RefCell;
use std::rc::Rc;

use hyper::body::Incoming;

use super::super::body::{Progress, RequestBody, Source};

/// Where the body of the next attempt comes from.
pub(super) enum Bodies {
    /// There is none.
    None,
    /// It goes once.
    Once(Option<(Incoming, Rc<Progress>)>),
    /// What was sent is kept.
    Again(Rc<RefCell<Source>>),
}

impl Bodies {
    pub(super) fn next(&mut self) -> RequestBody {
        match self {
            Self::None => RequestBody::Empty,
            Self::Once(body) => {
                body.take().map_or(RequestBody::Empty, |(body, progress)| RequestBody::Stream(body, progress))
            }
            Self::Again(source) => Source::replay(source),
        }
    }

    /// Takes back the body of a request that was not looked at.
    pub(super) fn put_back(&mut self, body: RequestBody) {
        match (self, body) {
            (Self::Once(slot), RequestBody::Stream(body, progress)) => *slot = Some((body, progress)),
            (this @ Self::Once(_), RequestBody::Expected(held)) => this.put_back(held.into_body()),
            _ => {}
        }
    }

    pub(super) fn can_go_again(&self) -> bool {
        match self {
            Self::None => true,
            Self::Once(body) => body.is_some(),
            Self::Again(source) => source.borrow().can_replay(),
        }
    }
}
