//! A query over a table: which documents can hold a match.

use super::query::Query;
use super::table::{Found, Table};

/// Postings that cost as much to read as one more document does to search.
const POSTINGS_PER_DOC: usize = 1000;

/// The documents that a query does not rule out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Candidates {
    /// The query says nothing.
    All,
    /// These, ascending.
    Some(Vec<u32>),
}

impl Table<'_> {
    /// The documents that may satisfy the query, a superset of those that do: conditions that would cost
    /// more to check than the few documents left would cost to search are not checked.
    pub(crate) fn candidates(&self, query: &Query) -> Candidates {
        match query {
            Query::All => Candidates::All,
            Query::None => Candidates::Some(Vec::new()),
            Query::Trigram(trigram) => {
                let mut docs = Vec::new();
                if let Some(found) = self.postings(*trigram) {
                    docs.reserve(found.count() as usize);
                    found.for_each(|doc| docs.push(doc));
                }
                Candidates::Some(docs)
            }
            Query::And(parts) => self.satisfying_all(parts),
            Query::Or(parts) => self.satisfying_any(parts),
        }
    }

    fn satisfying_all(&self, parts: &[Query]) -> Candidates {
        let mut costs: Vec<(usize, &Query)> = parts.iter().map(|part| (self.cost(part), part)).collect();
        costs.sort_by_key(|(cost, _)| *cost);
        let mut within = Candidates::All;
        for (cost, part) in costs {
            within = match within {
                Candidates::All => self.candidates(part),
                Candidates::Some(docs) if cost > docs.len().saturating_mul(POSTINGS_PER_DOC) => {
                    return Candidates::Some(docs);
                }
                Candidates::Some(docs) => Candidates::Some(self.intersect(docs, part)),
            };
        }
        within
    }

    fn satisfying_any(&self, parts: &[Query]) -> Candidates {
        let mut any = Vec::new();
        for part in parts {
            match self.candidates(part) {
                Candidates::All => return Candidates::All,
                Candidates::Some(docs) => any.extend(docs),
            }
        }
        any.sort_unstable();
        any.dedup();
        Candidates::Some(any)
    }

    /// Those of the documents that satisfy the condition.
    fn intersect(&self, docs: Vec<u32>, part: &Query) -> Vec<u32> {
        let mut kept = Vec::new();
        let mut docs = docs.into_iter().peekable();
        let mut keep = |doc: u32| {
            while docs.next_if(|candidate| *candidate < doc).is_some() {}
            kept.extend(docs.next_if_eq(&doc));
        };
        match part {
            Query::Trigram(trigram) => {
                if let Some(found) = self.postings(*trigram) {
                    found.for_each(keep);
                }
            }
            part @ (Query::And(_) | Query::Or(_) | Query::None | Query::All) => match self.candidates(part) {
                Candidates::All => return docs.collect(),
                Candidates::Some(some) => some.into_iter().for_each(&mut keep),
            },
        }
        kept
    }

    /// About how many postings must be read to answer the query.
    fn cost(&self, query: &Query) -> usize {
        match query {
            Query::Trigram(trigram) => self.postings(*trigram).as_ref().map_or(0, Found::count) as usize,
            Query::And(parts) => parts.iter().map(|part| self.cost(part)).min().unwrap_or(0),
            Query::Or(parts) => parts.iter().map(|part| self.cost(part)).fold(0, usize::saturating_add),
            Query::None | Query::All => 0,
        }
    }
}
