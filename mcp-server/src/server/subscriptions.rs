//! Subscriptions: a task for each connection owns which resources its host wants to hear about.

use super::address::Address;
use crate::main_loop::Handle;
use crate::workspace::Snapshot;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, RoleServer};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// The most subscriptions of one connection.
pub(super) const LIMIT: usize = 100;
/// How often files are compared with the disk.
const LOOK: Duration = Duration::from_secs(1);

/// What a host asks of the task.
pub(super) enum Wish {
    /// Hear about a URI; the answer is whether there is room.
    Start(String, oneshot::Sender<bool>),
    /// No longer.
    Stop(String),
}

/// The older way: one task answers all wishes of a connection, and ends with it.
pub(super) fn serve(workspace: Handle, peer: Peer<RoleServer>) -> mpsc::Sender<Wish> {
    let (sender, mut wishes) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut watched = Watched::new(workspace);
        loop {
            tokio::select! {
                wish = wishes.recv() => match wish {
                    // Whoever asked may have gone.
                    Some(Wish::Start(uri, answer)) => drop(answer.send(watched.add(uri).await)),
                    Some(Wish::Stop(uri)) => watched.remove(&uri),
                    None => return,
                },
                changed = watched.changed() => for uri in changed {
                    if peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.is_err() {
                        return;
                    }
                },
            }
        }
    });
    sender
}

/// Resources, and what they looked like when they were last looked at.
pub(super) struct Watched {
    workspace: Handle,
    staged: watch::Receiver<u64>,
    stamps: BTreeMap<String, u64>,
}

impl Watched {
    pub(super) fn new(workspace: Handle) -> Self {
        let staged = workspace.staged();
        Self { workspace, staged, stamps: BTreeMap::new() }
    }

    /// Watches one more; false when there are too many.
    pub(super) async fn add(&mut self, uri: String) -> bool {
        if self.stamps.len() >= LIMIT && !self.stamps.contains_key(&uri) {
            return false;
        }
        if let Some((uri, stamp)) = self.look(vec![uri]).await.pop() {
            self.stamps.insert(uri, stamp);
        }
        true
    }

    fn remove(&mut self, uri: &str) {
        self.stamps.remove(uri);
    }

    /// Waits until some look different. Whoever stops waiting loses nothing: the next look finds it.
    pub(super) async fn changed(&mut self) -> Vec<String> {
        loop {
            let tick = async {
                match self.stamps.is_empty() {
                    true => std::future::pending().await,
                    false => tokio::time::sleep(LOOK).await,
                }
            };
            tokio::select! {
                changed = self.staged.changed() => if changed.is_err() {
                    std::future::pending::<()>().await;
                },
                () = tick => {}
            }
            let now = self.look(self.stamps.keys().cloned().collect()).await;
            let other = |(uri, stamp): &(String, u64)| self.stamps.get(uri).is_some_and(|old| old != stamp);
            let changed: Vec<(String, u64)> = now.into_iter().filter(other).collect();
            if !changed.is_empty() {
                self.stamps.extend(changed.iter().cloned());
                return changed.into_iter().map(|(uri, _)| uri).collect();
            }
        }
    }

    async fn look(&self, uris: Vec<String>) -> Vec<(String, u64)> {
        let workspace = self.workspace.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let snapshot = workspace.snapshot();
            uris.into_iter()
                .map(|uri| (stamp(&snapshot, &uri), uri))
                .map(|(stamp, uri)| (uri, stamp))
                .collect()
        });
        looked.await.unwrap_or_default()
    }
}

/// A number that changes when what a URI names does.
fn stamp(snapshot: &Snapshot, uri: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Ok(address) = Address::parse(uri, snapshot.roots()) else { return 0 };
    let staged =
        |path: &crate::workspace::RelPath| snapshot.staging().get(path).map(|file| format!("{:?}", file.top));
    match &address {
        Address::Staged => snapshot.staging().files().for_each(|(path, file)| {
            (path, format!("{:?}{:?}", file.base, file.top)).hash(&mut hasher);
        }),
        Address::StagedFile(path) => staged(path).hash(&mut hasher),
        Address::File(path) => {
            let really = snapshot.locate(path).ok();
            let path = really.as_ref().unwrap_or(path);
            match staged(path) {
                Some(top) => top.hash(&mut hasher),
                None => snapshot
                    .roots()
                    .lstat(path)
                    .map(|stat| (stat.size, stat.modified, stat.file))
                    .ok()
                    .hash(&mut hasher),
            }
        }
    }
    hasher.finish()
}
