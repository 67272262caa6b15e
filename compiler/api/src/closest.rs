//! "Did you mean": the known word that is nearest to an unknown one.

/// The candidate that differs least from a word, if the difference is small enough to be a slip: a third of the letters,
/// where a wrong, missing, additional or exchanged letter counts one and a wrong case nothing. Names that differ in their
/// digits only (`v1`, `v2`) mean different things. Else the only candidate that shares all but the last letter, as `retries`
/// does with `retry`.
#[must_use]
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = word.to_lowercase().chars().collect();
    // Nobody misspells words of this length; the bound keeps the table small on hostile input.
    if letters.len() > 64 {
        return None;
    }
    let allowed = letters.len().div_ceil(3).min(3);
    let candidates: Vec<(Vec<char>, &str)> = candidates
        .into_iter()
        .map(|candidate| (candidate.to_lowercase().chars().collect::<Vec<char>>(), candidate))
        .filter(|(other, _)| *other == letters || without_digits(other) != without_digits(&letters))
        .collect();
    candidates
        .iter()
        .map(|(other, candidate)| (distance(&letters, other), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
        .or_else(|| same_stem(&letters, &candidates))
}

/// A word with every digit made the same.
fn without_digits(letters: &[char]) -> Vec<char> {
    letters.iter().map(|letter| if letter.is_ascii_digit() { '0' } else { *letter }).collect()
}

fn same_stem<'c>(letters: &[char], candidates: &[(Vec<char>, &'c str)]) -> Option<&'c str> {
    let (_, stem) = letters.split_last().filter(|(_, stem)| stem.len() > 3)?;
    let mut with_stem = candidates.iter().filter(|(other, _)| other.starts_with(stem));
    let (_, candidate) = with_stem.next()?;
    with_stem.next().is_none().then_some(*candidate)
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
    fn another_form_of_a_word_is_found_unless_there_are_several() {
        assert_eq!(closest("retry", ["retries", "rewrite"]), Some("retries"));
        assert_eq!(closest("mirrors", ["mirrorPercent", "mirrorPercentage"]), None);
    }

    #[test]
    fn numbers_are_no_slips() {
        assert_eq!(closest("v3", ["v1", "v2"]), None);
        assert_eq!(closest("reviews-v10", ["reviews-v20"]), None);
        assert_eq!(closest("reviws-v1", ["reviews-v1"]), Some("reviews-v1"));
    }

    #[test]
    fn other_words_find_nothing() {
        assert_eq!(closest("replicas", ["http", "hosts"]), None);
        assert_eq!(closest("", ["http"]), None);
        assert_eq!(closest(&"a".repeat(10_000), ["http"]), None);
    }
}
