//! What the tiers promise, and how each stood being attacked.

use super::Tier;

/// Something that a tier promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing but the workspace is written, and that only in layers where the tier has them.
    Writes,
    /// Keys, tokens and our own state cannot be read.
    Secrets,
    /// `.git` cannot be written.
    Git,
    /// Nobody outside is reached, unless the command may use the network.
    Network,
    /// Other processes' environment and memory cannot be read.
    Processes,
    /// Other processes cannot be ended.
    Signals,
    /// Nobody becomes privileged, or mounts anything.
    Privilege,
    /// No terminal is shared.
    Terminal,
    /// Memory, files and core dumps are bounded.
    Limits,
    /// Nothing goes on running afterwards.
    Leftovers,
}

impl Protection {
    pub const ALL: [Self; 10] = [
        Self::Writes,
        Self::Secrets,
        Self::Git,
        Self::Network,
        Self::Processes,
        Self::Signals,
        Self::Privilege,
        Self::Terminal,
        Self::Limits,
        Self::Leftovers,
    ];

    /// What is kept, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Writes => "nothing outside of the workspace is written",
            Self::Secrets => "secrets cannot be read",
            Self::Git => ".git is pinned",
            Self::Network => "no network unless allowed",
            Self::Processes => "other processes cannot be looked into",
            Self::Signals => "other processes cannot be ended",
            Self::Privilege => "no privileges and no mounts",
            Self::Terminal => "no terminal is shared",
            Self::Limits => "memory, files and core dumps are bounded",
            Self::Leftovers => "nothing goes on running afterwards",
        }
    }

    /// Whether a tier is used only where this holds. Kernels before 6.12 have no rule on signals, and macOS lets a
    /// process leave its parent.
    fn is_needed(self, tier: Tier) -> bool {
        let optional = match self {
            Self::Signals => true,
            Self::Limits | Self::Leftovers => cfg!(target_os = "macos"),
            Self::Writes | Self::Secrets | Self::Git | Self::Network | Self::Processes | Self::Privilege => {
                false
            }
            Self::Terminal => false,
        };
        tier == Tier::Overlay || !optional
    }
}

/// How a tier stood the attacks.
#[derive(Clone, Debug)]
pub struct Trial {
    pub tier: Tier,
    /// What did not hold, and how that was seen.
    pub broken: Vec<(Protection, String)>,
    /// Why there were no attacks at all.
    pub failure: Option<String>,
}

impl Trial {
    /// Whether everything held that the tier promises.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failure.is_none() && !self.broken.iter().any(|(protection, _)| protection.is_needed(self.tier))
    }
}
