//! Files of access logs. Lines are collected in memory and written by one thread for each file, so that a slow disk or a full
//! pipe never holds up a request.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes after which the writer is woken early.
const WAKE: usize = 64 * 1024;
/// Bytes that may wait; what comes while they do is dropped and counted.
const MOST: usize = 8 * 1024 * 1024;
/// Longest time that a line waits.
const INTERVAL: Duration = Duration::from_millis(500);

/// All files that are open, by path.
static SINKS: Mutex<BTreeMap<String, Arc<Sink>>> = Mutex::new(BTreeMap::new());

/// One file.
#[derive(Debug)]
pub(super) struct Sink {
    state: Mutex<State>,
    wake: Condvar,
    written: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Whether the writer holds lines that are not written yet.
    writing: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that ended in the middle leaves a buffer that is still a buffer.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file of a path, opened if it is not open yet.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn open(path: &str) -> io::Result<Arc<Sink>> {
    let mut sinks = lock(&SINKS);
    if let Some(sink) = sinks.get(path) {
        return Ok(Arc::clone(sink));
    }
    let mut file = writer(path)?;
    let sink = Arc::new(Sink {
        state: Mutex::default(),
        wake: Condvar::new(),
        written: Condvar::new(),
        dropped: AtomicU64::new(0),
    });
    let of_thread = Arc::clone(&sink);
    std::thread::Builder::new().name("access-log".to_owned()).spawn(move || of_thread.run(&mut file))?;
    sinks.insert(path.to_owned(), Arc::clone(&sink));
    Ok(sink)
}

/// Opens standard streams directly: `/dev/stdout` cannot always be opened by path in a container.
fn writer(path: &str) -> io::Result<Box<dyn Write + Send>> {
    match path {
        "/dev/stdout" => Ok(Box::new(io::stdout())),
        "/dev/stderr" => Ok(Box::new(io::stderr())),
        _ => Ok(Box::new(OpenOptions::new().create(true).append(true).open(path)?)),
    }
}

/// Waits until every line that was logged is written, at most as long as is said.
pub(crate) fn flush(longest: Duration) {
    let sinks: Vec<_> = lock(&SINKS).values().cloned().collect();
    for sink in sinks {
        sink.wake.notify_one();
        let state = lock(&sink.state);
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let _ = sink.written.wait_timeout_while(state, longest, busy);
    }
}

/// Lines that were dropped because a file did not take them in time.
pub(super) fn dropped() -> u64 {
    lock(&SINKS).values().map(|sink| sink.dropped.load(Ordering::Relaxed)).sum()
}

impl Sink {
    /// Adds a line.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = lock(&self.state);
        if state.waiting.len() + line.len() > MOST {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = state.waiting.len();
        state.waiting.extend_from_slice(line);
        if before < WAKE && state.waiting.len() >= WAKE {
            self.wake.notify_one();
        }
    }

    fn run(&self, file: &mut dyn Write) {
        let mut lines = Vec::new();
        loop {
            {
                let state = lock(&self.state);
                let (mut state, _) =
                    self.wake.wait_timeout(state, INTERVAL).unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut state.waiting, &mut lines);
                state.writing = !lines.is_empty();
            }
            if !lines.is_empty() {
                // A log that cannot be written has nobody left to be told.
                let _ = file.write_all(&lines).and_then(|()| file.flush());
                lines.clear();
            }
            lock(&self.state).writing = false;
            self.written.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_reach_the_file_and_one_path_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").to_str().unwrap().to_owned();
        let sink = open(&path).unwrap();
        sink.push(b"one\n");
        open(&path).unwrap().push(b"two\n");
        flush(Duration::from_secs(5));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
