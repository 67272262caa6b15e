//! Memory that bytes pass through. One piece for each thread: a connection keeps only what its peer has not taken yet, so that an
//! idle one keeps nothing.

use std::cell::RefCell;

/// Bytes that one read takes at most, once much has moved.
const LARGE: usize = 256 * 1024;
/// Bytes that one read takes at most at first.
const SMALL: usize = 16 * 1024;
/// Bytes after which reads become larger, and what they become: as in ztunnel, since large ones save system calls and a short
/// exchange must not take much memory when its peer is slow.
const GROWTH: [(u64, usize); 2] = [(10 * 1024 * 1024, LARGE), (128 * 1024, 64 * 1024)];

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(Box::default());
}

/// Bytes that the next read takes at most, after so many have moved.
pub(super) fn size(moved: u64) -> usize {
    GROWTH.iter().find(|(after, _)| moved >= *after).map_or(SMALL, |(_, size)| *size)
}

/// Lends the memory, as large as a direction needs.
pub(super) fn with<T>(moved: u64, use_it: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        let size = size(moved);
        if scratch.len() < size {
            *scratch = vec![0; size].into();
        }
        use_it(&mut scratch[..size])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_grow_with_what_has_moved() {
        let sizes = [0, 127 * 1024, 128 * 1024, 10 * 1024 * 1024].map(size);
        assert_eq!(sizes, [16 * 1024, 16 * 1024, 64 * 1024, 256 * 1024]);
        assert_eq!(with(0, |memory| memory.len()), 16 * 1024);
    }
}
