//! A condition on the trigrams of a text, kept small and in a normal form.

/// More alternatives than this say too little to be worth looking up.
const MAX_ALTERNATIVES: usize = 4096;

/// More conditions than this rule out no further files.
const MAX_CONDITIONS: usize = 64;

/// A condition on the trigrams of a text. Build it with [`Query::and`] and [`Query::or`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Query {
    /// Has this trigram.
    Trigram(u32),
    /// All of these hold: at least two, ascending, none of them `All`, `None` or `And`.
    And(Vec<Query>),
    /// One of these holds: at least two, ascending, none of them `All`, `None` or `Or`.
    Or(Vec<Query>),
    /// No text satisfies it: the pattern matches nothing.
    None,
    /// Every text satisfies it: trigrams do not help with the pattern.
    All,
}

impl Query {
    /// All of `parts` hold. Beyond some dozens of conditions the rest is dropped, which only weakens it.
    pub(crate) fn and(parts: impl IntoIterator<Item = Query>) -> Query {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Query::All => {}
                Query::None => return Query::None,
                Query::And(inner) => all.extend(inner),
                part @ (Query::Trigram(_) | Query::Or(_)) => all.push(part),
            }
        }
        all.sort_unstable();
        all.dedup();
        all.truncate(MAX_CONDITIONS);
        match all.len() {
            0 => Query::All,
            1 => all.swap_remove(0),
            _ => Query::And(all),
        }
    }

    /// One of `parts` holds. Conditions that they all share are stated once, outside.
    pub(crate) fn or(parts: impl IntoIterator<Item = Query>) -> Query {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Query::All => return Query::All,
                Query::None => {}
                Query::Or(inner) => any.extend(inner),
                part @ (Query::Trigram(_) | Query::And(_)) => any.push(part),
            }
        }
        any.sort_unstable();
        any.dedup();
        let shared = shared_conditions(&any);
        if !shared.is_empty() {
            let rest: Vec<Query> = any.into_iter().map(|part| without(part, &shared)).collect();
            return Query::and(shared.into_iter().chain([Query::or(rest)]));
        }
        match any.len() {
            0 => Query::None,
            1 => any.swap_remove(0),
            2..=MAX_ALTERNATIVES => Query::Or(any),
            _ => Query::All,
        }
    }

    /// Whether a text with the trigrams for which `has` is true satisfies the condition.
    #[cfg(test)]
    pub(super) fn accepts(&self, has: &impl Fn(u32) -> bool) -> bool {
        match self {
            Query::Trigram(trigram) => has(*trigram),
            Query::And(parts) => parts.iter().all(|part| part.accepts(has)),
            Query::Or(parts) => parts.iter().any(|part| part.accepts(has)),
            Query::None => false,
            Query::All => true,
        }
    }
}

fn conditions(query: &Query) -> &[Query] {
    match query {
        Query::And(parts) => parts,
        single @ (Query::Trigram(_) | Query::Or(_) | Query::None | Query::All) => {
            std::slice::from_ref(single)
        }
    }
}

/// The conditions that hold in every alternative. Empty for a single alternative, which needs no factoring.
fn shared_conditions(any: &[Query]) -> Vec<Query> {
    let Some((first, rest @ [_, ..])) = any.split_first() else { return Vec::new() };
    let mut shared = conditions(first).to_vec();
    for part in rest {
        let here = conditions(part);
        shared.retain(|condition| here.binary_search(condition).is_ok());
    }
    shared
}

fn without(query: Query, shared: &[Query]) -> Query {
    let parts = match query {
        Query::And(parts) => parts,
        single @ (Query::Trigram(_) | Query::Or(_) | Query::None | Query::All) => vec![single],
    };
    Query::and(parts.into_iter().filter(|part| !shared.contains(part)))
}
