//! A trie in flat arrays, level by level: a node's children lie side by side, their bytes too.

use super::vocabulary::TokenId;

/// No token.
pub(super) const NONE: TokenId = TokenId::MAX;

/// Tokens by their bytes. Node 0 is the root.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// Where each node's children begin; they end where the next node's begin.
    first: Vec<u32>,
    /// The byte that leads to each node.
    bytes: Vec<u8>,
    /// The token that ends at each node.
    tokens: Vec<TokenId>,
    /// More tokens of the same bytes: the node and the token, sorted.
    twins: Vec<(u32, TokenId)>,
}

impl Trie {
    /// Of `sorted` tokens, whose bytes `text` knows.
    pub(super) fn new<'a>(sorted: &[TokenId], text: impl Fn(TokenId) -> &'a [u8]) -> Self {
        let mut trie = Self { first: Vec::new(), bytes: vec![0], tokens: vec![NONE], twins: Vec::new() };
        let mut level = vec![(0, sorted.len())];
        let mut depth = 0;
        let mut node = 0;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (mut from, to) in level {
                trie.first.push(index(trie.bytes.len()));
                while from < to && text(sorted[from]).len() == depth {
                    if depth > 0 {
                        trie.end(node, sorted[from]);
                    }
                    from += 1;
                }
                while from < to {
                    let byte = text(sorted[from])[depth];
                    let count = sorted[from..to].partition_point(|token| text(*token)[depth] == byte);
                    trie.bytes.push(byte);
                    trie.tokens.push(NONE);
                    next.push((from, from + count));
                    from += count;
                }
                node += 1;
            }
            level = next;
            depth += 1;
        }
        trie.first.push(index(trie.bytes.len()));
        trie
    }

    fn end(&mut self, node: usize, token: TokenId) {
        if self.tokens[node] == NONE {
            self.tokens[node] = token;
        } else {
            self.twins.push((index(node), token));
        }
    }

    /// A node's children.
    pub(super) fn children(&self, node: u32) -> std::ops::Range<u32> {
        self.first[node as usize]..self.first[node as usize + 1]
    }

    /// The byte that leads to a node.
    pub(super) fn byte(&self, node: u32) -> u8 {
        self.bytes[node as usize]
    }

    /// The child to which `byte` leads.
    pub(super) fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let children = self.children(node);
        let bytes = &self.bytes[children.start as usize..children.end as usize];
        memchr::memchr(byte, bytes).map(|at| children.start + index(at))
    }

    /// The token that ends at a node, or [`NONE`].
    pub(super) fn token(&self, node: u32) -> TokenId {
        self.tokens[node as usize]
    }

    /// Each token that ends at a node.
    pub(super) fn each_token(&self, node: u32, mut with: impl FnMut(TokenId)) {
        let token = self.token(node);
        if token == NONE {
            return;
        }
        with(token);
        let from = self.twins.partition_point(|(twin, _)| *twin < node);
        self.twins[from..].iter().take_while(|(twin, _)| *twin == node).for_each(|(_, token)| with(*token));
    }
}

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a trie has fewer than 2³² nodes")
}
