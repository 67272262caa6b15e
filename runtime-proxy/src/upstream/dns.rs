//! Addresses of names: each is asked for once for the whole process, on one thread, and every upstream that has it is told.

mod exchange;
mod hosts;
mod message;
mod record;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use meshc_contract::proxy::DnsFamily;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;

use super::Upstream;
use record::Record;

pub(crate) use settings::ResolverSettings;

/// An address family that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(families: DnsFamily) -> &'static [Self] {
        match families {
            DnsFamily::V4Only => &[Self::V4],
            DnsFamily::V6Only => &[Self::V6],
            DnsFamily::All => &[Self::V4, Self::V6],
        }
    }

    fn has(self, ip: IpAddr) -> bool {
        ip.is_ipv4() == (self == Self::V4)
    }
}

/// A question.
type Question = (String, Family);

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// Addresses, and how long they are good.
    Addresses(Vec<IpAddr>, Duration),
    /// There is no such name, or it has no address of the family.
    Nothing,
    /// No server could tell.
    Failure,
}

/// Questions that are on their way at once.
const AT_ONCE: usize = 64;

/// Asks for the addresses of all names of all upstreams and tells the upstreams. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Resolver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    source: Source,
    entries: Mutex<BTreeMap<Question, Entry>>,
    /// Questions without a first answer.
    open: watch::Sender<usize>,
    room: Semaphore,
}

/// Who answers.
#[derive(Debug)]
enum Source {
    Network(ResolverSettings),
    #[cfg(test)]
    Script(tests::Script),
}

impl Source {
    async fn ask(&self, question: &Question) -> Answer {
        match self {
            Self::Network(settings) => exchange::ask(settings, question).await,
            #[cfg(test)]
            Self::Script(script) => script.ask(question),
        }
    }

    /// The addresses of a name that no server is asked for.
    fn known(&self, question: &Question) -> Option<Vec<IpAddr>> {
        match self {
            Self::Network(settings) => settings.hosts.get(question),
            #[cfg(test)]
            Self::Script(_) => None,
        }
    }
}

#[derive(Debug)]
struct Entry {
    record: Record,
    interest: Interest,
    /// The task that asks again and again; `None` for a name that no server is asked for.
    task: Option<AbortHandle>,
}

/// Who wants to know.
#[derive(Debug, Default)]
struct Interest {
    upstreams: Vec<(Weak<Upstream>, DnsFamily)>,
    /// The shortest time between look-ups.
    refresh_rate: Duration,
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Resolver {
    /// A resolver without names.
    pub(crate) fn new(settings: ResolverSettings) -> Self {
        Self::with_source(Source::Network(settings))
    }

    fn with_source(source: Source) -> Self {
        Self(Arc::new(Shared {
            source,
            entries: Mutex::default(),
            open: watch::Sender::new(0),
            room: Semaphore::new(AT_ONCE),
        }))
    }

    /// Takes over the upstreams of a configuration, best before it comes into force: what is known of their names already they
    /// are told at once, new names are asked for, and names that nobody has any longer are forgotten. To be called within the
    /// runtime of the one thread that resolves.
    pub(crate) fn adopt(&self, upstreams: &BTreeMap<String, Arc<Upstream>>) {
        let wanted = interests(upstreams);
        let mut entries = self.0.entries();
        entries.retain(|question, _| wanted.contains_key(question));
        for (question, interest) in wanted {
            match entries.get_mut(&question) {
                Some(entry) => entry.interest = interest,
                None => {
                    let entry = self.start(&question, interest);
                    entries.insert(question, entry);
                }
            }
        }
        let tellings = tellings(&entries, |_| true);
        self.0.count(&entries);
        drop(entries);
        tell(tellings);
    }

    fn start(&self, question: &Question, interest: Interest) -> Entry {
        if let Some(addresses) = self.0.source.known(question) {
            return Entry { record: Record::fixed(addresses), interest, task: None };
        }
        let task = tokio::spawn(keep_asking(self.0.clone(), question.clone())).abort_handle();
        Entry { record: Record::default(), interest, task: Some(task) }
    }

    /// Waits until each name has had its first answer, good or bad. The caller bounds the time.
    pub(crate) async fn answered(&self) {
        // The sender is alive as long as this is, so that waiting cannot fail.
        let _ = self.0.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

/// Every question with who wants to know.
fn interests(upstreams: &BTreeMap<String, Arc<Upstream>>) -> BTreeMap<Question, Interest> {
    let mut interests: BTreeMap<Question, Interest> = BTreeMap::new();
    for upstream in upstreams.values() {
        let Some((names, families, refresh_rate)) = upstream.names() else { continue };
        for name in names {
            for family in Family::of(families) {
                let interest = interests.entry((name.to_ascii_lowercase(), *family)).or_default();
                let first = interest.upstreams.is_empty();
                interest.refresh_rate =
                    if first { refresh_rate } else { interest.refresh_rate.min(refresh_rate) };
                interest.upstreams.push((Arc::downgrade(upstream), families));
            }
        }
    }
    interests
}

/// Asks for the life of the entry: its end aborts the task.
async fn keep_asking(shared: Arc<Shared>, question: Question) {
    loop {
        let answer = match shared.room.acquire().await {
            Ok(_room) => shared.source.ask(&question).await,
            Err(_) => Answer::Failure,
        };
        let Some(pause) = shared.take(&question, answer) else { return };
        tokio::time::sleep(pause).await;
    }
}

/// An upstream with a name and its addresses.
type Telling = (Arc<Upstream>, String, Vec<IpAddr>);

impl Shared {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Question, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an answer and says when to ask again; `None` if nobody wants to know any longer.
    fn take(&self, question: &Question, answer: Answer) -> Option<Duration> {
        let mut entries = self.entries();
        let entry = entries.get_mut(question)?;
        let pause = entry.record.take(answer, entry.interest.refresh_rate);
        let tellings = tellings(&entries, |name| *name == question.0);
        self.count(&entries);
        drop(entries);
        tell(tellings);
        Some(pause)
    }

    fn count(&self, entries: &BTreeMap<Question, Entry>) {
        let open = entries.values().filter(|entry| !entry.record.is_answered()).count();
        self.open.send_replace(open);
    }
}

/// What upstreams are to be told of names: the addresses of all families that they want, once one of them is answered.
fn tellings(entries: &BTreeMap<Question, Entry>, which: impl Fn(&String) -> bool) -> Vec<Telling> {
    let mut tellings = Vec::new();
    for ((name, family), entry) in entries.iter().filter(|((name, _), _)| which(name)) {
        for (upstream, families) in &entry.interest.upstreams {
            // One of several families speaks for all of them.
            if Family::of(*families).first() != Some(family) {
                continue;
            }
            let records =
                Family::of(*families).iter().filter_map(|family| entries.get(&(name.clone(), *family)));
            let records: Vec<_> = records.map(|entry| &entry.record).collect();
            if let Some(upstream) = upstream.upgrade()
                && records.iter().any(|record| record.is_answered())
            {
                let addresses = records.iter().flat_map(|record| record.addresses()).copied().collect();
                tellings.push((upstream, name.clone(), addresses));
            }
        }
    }
    tellings
}

fn tell(tellings: Vec<Telling>) {
    for (upstream, name, addresses) in tellings {
        upstream.resolved(&name, &addresses);
    }
}
