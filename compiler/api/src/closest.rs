//! "Did you mean": the known word that is nearest to an unknown one.

/// The candidate that differs least from a word, if the difference is small enough to be a slip: a third of the letters,
/// where a wrong, missing, additional or exchanged letter counts one and a wrong case nothing.
#[must_use]
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = word.to_lowercase().chars().collect();
    // Nobody misspells words of this length; the bound keeps the table small on hostile input.
    if letters.len() > 64 {
        return None;
    }
    let allowed = letters.len().div_ceil(3).min(3);
    candidates
        .into_iter()
        .map(|candidate| {
            (distance(&letters, &candidate.to_lowercase().chars().collect::<Vec<_>>()), candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to change, add, remove or exchange with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn slips_find_the_word_that_was_meant() {
        let fields = ["http", "hosts", "tcp", "tls", "timeout"];
        assert_eq!(closest("timeOut", fields), Some("timeout"));
        assert_eq!(closest("htpt", fields), Some("http"));
        assert_eq!(closest("host", fields), Some("hosts"));
    }

    #[test]
    fn other_words_find_nothing() {
        assert_eq!(closest("replicas", ["http", "hosts"]), None);
        assert_eq!(closest("", ["http"]), None);
        assert_eq!(closest(&"a".repeat(10_000), ["http"]), None);
    }
}
