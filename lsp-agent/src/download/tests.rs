#![expect(clippy::disallowed_methods, reason = "tests make their own files")]

use super::stand_in::{Asked, Reply, StandIn};
use super::*;
use sha2::{Digest, Sha256};
use std::fs;
use tempfile::TempDir;

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of bytes that do not repeat soon.
fn file(length: usize) -> Vec<u8> {
    (0..length).map(|place| ((place * 31 + place / 251) % 256) as u8).collect()
}

const QUICK: Patience =
    Patience { stall: Duration::from_millis(700), wait: Duration::from_millis(1), attempts: 4 };

/// A pull of `o/n/f.gguf` into a folder of its own.
struct Pull {
    folder: TempDir,
    hub: StandIn,
    expected: Expected,
    cancel: AtomicBool,
    again: Vec<String>,
}

impl Pull {
    fn from(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self {
            folder: TempDir::new().expect("a folder"),
            hub: StandIn::start(answer),
            expected: Expected::default(),
            cancel: AtomicBool::new(false),
            again: Vec::new(),
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("o--n/f.gguf")
    }

    fn with(&mut self, base: &str, token: Option<&str>) -> Result<Fetched, DownloadError> {
        let target = self.target();
        let download = Download {
            hub: &Hub::new(base, token.map(str::to_owned))?,
            address: &Address::parse("o/n/f.gguf").expect("it is one"),
            expected: self.expected.clone(),
            target: &target,
            patience: QUICK,
            cancel: &self.cancel,
        };
        let again = &mut self.again;
        download.run(|progress| {
            if let Progress::Again { why, .. } = progress {
                again.push(why);
            }
        })
    }

    fn run(&mut self) -> Result<Fetched, DownloadError> {
        let base = self.hub.base.clone();
        self.with(&base, None)
    }

    fn refusal(&mut self) -> String {
        self.run().expect_err("it cannot be had").to_string()
    }

    /// What lies in the folder, by name.
    fn there(&self) -> Vec<String> {
        let entries = fs::read_dir(self.target().parent().expect("it has one"));
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_file_is_brought_and_checked() {
    let bytes = file(700_000);
    let right = bytes.clone();
    let mut pull = Pull::from(move |asked| Reply::file(asked, &bytes, &sum(&bytes)));
    let fetched = pull.run().expect("nothing is wrong");
    assert_eq!(fs::read(&fetched.path).expect("it is there"), right);
    assert_eq!((fetched.checked, fetched.size, fetched.sha256), (Checked::Hub, 700_000, sum(&right)));
    assert_eq!(fetched.commit.as_deref(), Some("c0ffee"));
    assert_eq!(pull.there(), ["f.gguf"]);
    let asked = pull.hub.asked();
    assert_eq!(asked[0].path, "/o/n/resolve/main/f.gguf");
    assert_eq!((asked[0].method.as_str(), asked[1].method.as_str()), ("HEAD", "GET"));
    assert!(matches!(pull.run(), Err(DownloadError::Exists(_))));
}

#[test]
fn cuts_are_continued() {
    let bytes = file(900_000);
    let right = bytes.clone();
    let mut gets = 0;
    let mut pull = Pull::from(move |asked| {
        let reply = Reply::file(asked, &bytes, &sum(&bytes));
        gets += u32::from(asked.method == "GET");
        if asked.method == "GET" && gets < 4 { reply.cut(250_000) } else { reply }
    });
    let fetched = pull.run().expect("it comes in the end");
    assert_eq!(fs::read(fetched.path).expect("it is there"), right);
    assert_eq!(pull.again.len(), 3);
    let starts: Vec<usize> =
        pull.hub.asked().iter().filter(|asked| asked.method == "GET").map(Asked::from).collect();
    assert_eq!(starts.len(), 4);
    assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
}

#[test]
fn a_later_pull_continues_an_earlier_one() {
    let bytes = file(500_000);
    let mut gets = 0;
    let whole = bytes.clone();
    let mut pull = Pull::from(move |asked| {
        gets += u32::from(asked.method == "GET");
        match (asked.method.as_str(), gets) {
            ("GET", 1) => Reply::file(asked, &whole, &sum(&whole)).cut(200_000),
            ("GET", 2..=4) => Reply::status(503),
            _ => Reply::file(asked, &whole, &sum(&whole)),
        }
    });
    assert!(pull.refusal().contains("in 4 attempts: the hub answered 503"));
    assert_eq!(pull.there(), ["f.gguf.part", "f.gguf.part.version"]);
    pull.hub.asked();
    let fetched = pull.run().expect("the hub is well again");
    assert_eq!(fs::read(fetched.path).expect("it is there"), bytes);
    assert!(pull.hub.asked()[1].from() > 0);
}

#[test]
fn a_file_that_changes_on_the_way_is_begun_anew() {
    let (old, new) = (file(400_000), file(300_000).into_iter().rev().collect::<Vec<u8>>());
    let right = new.clone();
    let mut gets = 0;
    let mut pull = Pull::from(move |asked| {
        gets += u32::from(asked.method == "GET");
        let bytes = if gets <= 1 && !(gets == 1 && asked.method == "HEAD") { &old } else { &new };
        let reply = Reply::file(asked, bytes, &sum(bytes));
        if gets == 1 && asked.method == "GET" { reply.cut(150_000) } else { reply }
    });
    let fetched = pull.run().expect("the new one comes");
    assert_eq!(fs::read(fetched.path).expect("it is there"), right);
}

#[test]
fn a_hub_without_ranges_begins_anew() {
    let bytes = file(300_000);
    let right = bytes.clone();
    let mut gets = 0;
    let mut pull = Pull::from(move |asked| {
        gets += u32::from(asked.method == "GET");
        let from_start = Asked { headers: Vec::new(), ..asked.clone() };
        let reply = Reply::file(&from_start, &bytes, &sum(&bytes));
        if gets == 1 && asked.method == "GET" { reply.cut(100_000) } else { reply }
    });
    assert_eq!(fs::read(pull.run().expect("it comes").path).expect("it is there"), right);
}

#[test]
fn a_wrong_piece_is_not_joined() {
    let bytes = file(300_000);
    let right = bytes.clone();
    let mut gets = 0;
    let mut pull = Pull::from(move |asked| {
        gets += u32::from(asked.method == "GET");
        let reply = Reply::file(asked, &bytes, &sum(&bytes));
        match (asked.method.as_str(), gets) {
            ("GET", 1) => reply.cut(100_000),
            ("GET", 2) => Reply { status: 206, body: bytes[7..].to_vec(), ..Reply::default() }
                .header("content-range", format!("bytes 7-{}/{}", bytes.len() - 1, bytes.len())),
            _ => reply,
        }
    });
    assert_eq!(fs::read(pull.run().expect("it comes").path).expect("it is there"), right);
    assert!(pull.again[1].contains("another piece"), "{:?}", pull.again);
}

#[test]
fn wrong_bytes_never_stand_under_the_name() {
    let bytes = file(200_000);
    let said = sum(&bytes);
    let mut pull = Pull::from(move |asked| {
        let mut wrong = bytes.clone();
        wrong[1000] ^= 1;
        Reply::file(asked, &wrong, &said)
    });
    let error = pull.refusal();
    assert!(error.contains("came with the checksum") && error.contains("thrown away"), "{error}");
    assert!(pull.there().is_empty(), "{:?}", pull.there());
}

/// What was there before may be what is wrong, so it is tried once without it.
#[test]
fn a_damaged_beginning_is_thrown_away() {
    let bytes = file(200_000);
    let (right, named) = (bytes.clone(), sum(&bytes));
    let mut pull = Pull::from(move |asked| Reply::file(asked, &bytes, &sum(&bytes)));
    let target = pull.target();
    fs::create_dir_all(target.parent().expect("it has one")).expect("it can be made");
    fs::write(target.with_file_name("f.gguf.part"), vec![9; 5000]).expect("it can be written");
    fs::write(target.with_file_name("f.gguf.part.version"), named).expect("it can be written");
    assert_eq!(fs::read(pull.run().expect("it comes").path).expect("it is there"), right);
}

#[test]
fn lies_about_the_size_are_noticed() {
    let bytes = file(100_000);
    let whole = bytes.clone();
    let mut more = Pull::from(move |asked| {
        let mut reply = Reply::file(asked, &whole, &sum(&whole));
        reply.headers.retain(|(name, _)| name != "x-linked-size");
        reply.header("x-linked-size", 90_000)
    });
    assert!(more.refusal().contains("sent more than the file's size"));
    let mut less = Pull::from(move |asked| {
        let mut reply = Reply::file(asked, &bytes, &sum(&bytes));
        reply.headers.retain(|(name, _)| name != "x-linked-size");
        match asked.method.as_str() {
            "GET" if asked.from() > 0 => Reply::status(416),
            _ => reply.header("x-linked-size", 110_000),
        }
    });
    let error = less.refusal();
    assert!(error.contains("attempts"), "{error}");
    assert!(less.again[0].contains("ended before the file did"), "{:?}", less.again);
}

#[test]
fn what_is_expected_is_held_against_the_hub() {
    let bytes = file(1000);
    let mut pull = Pull::from(move |asked| Reply::file(asked, &bytes, &sum(&bytes)));
    pull.expected = Expected { size: Some(999), sha256: None };
    assert!(pull.refusal().contains("its size is 1000, not 999"));
    pull.expected = Expected { size: None, sha256: Some("a".repeat(64)) };
    assert!(pull.refusal().contains("its checksum is"));
    assert!(!pull.hub.asked().iter().any(|asked| asked.method == "GET"), "nothing was brought");
    pull.expected = Expected { size: Some(1000), sha256: Some(sum(&file(1000)).to_uppercase()) };
    assert_eq!(pull.run().expect("it is right").checked, Checked::Expected);
}

#[test]
fn a_hub_without_checksums_is_said_to_be_one() {
    let bytes = file(1000);
    let mut pull = Pull::from(move |asked| match asked.method.as_str() {
        "HEAD" => Reply::status(200).header("content-length", bytes.len()),
        _ => Reply { status: 200, body: bytes.clone(), ..Reply::default() },
    });
    assert_eq!(pull.run().expect("it comes").checked, Checked::Nothing);
}

#[test]
fn silence_is_not_waited_out() {
    let bytes = file(300_000);
    let mut gets = 0;
    let mut pull = Pull::from(move |asked| {
        gets += u32::from(asked.method == "GET");
        let reply = Reply::file(asked, &bytes, &sum(&bytes));
        match gets == 1 && asked.method == "GET" {
            true => Reply { hang: true, ..reply.cut(100_000) },
            false => reply,
        }
    });
    pull.run().expect("the second attempt brings it");
    assert!(pull.again[0].contains("nothing came for 0.7 seconds"), "{:?}", pull.again);
}

#[test]
fn cancelling_stops_at_once_and_keeps_what_came() {
    let bytes = file(300_000);
    let pull = Pull::from(move |asked| {
        let reply = Reply::file(asked, &bytes, &sum(&bytes));
        if asked.method == "GET" { Reply { hang: true, ..reply.cut(100_000) } } else { reply }
    });
    let (base, target) = (pull.hub.base.clone(), pull.target());
    let cancel = &pull.cancel;
    let began = Instant::now();
    let patience = Patience { stall: Duration::from_secs(60), ..QUICK };
    let error = Download {
        hub: &Hub::new(&base, None).expect("it is one"),
        address: &Address::parse("o/n/f.gguf").expect("it is one"),
        expected: Expected::default(),
        target: &target,
        patience,
        cancel,
    }
    .run(|progress| {
        if matches!(progress, Progress::At { done: 1.., .. }) {
            cancel.store(true, Ordering::Relaxed);
        }
    });
    assert!(matches!(error, Err(DownloadError::Cancelled)));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(pull.there().contains(&"f.gguf.part".to_owned()));
    pull.cancel.store(false, Ordering::Relaxed);
}

#[test]
fn two_pulls_of_one_file_are_kept_apart() {
    let bytes = file(1000);
    let mut pull = Pull::from(move |asked| Reply::file(asked, &bytes, &sum(&bytes)));
    let first = Part::open(&pull.target()).expect("nobody has it");
    assert!(matches!(pull.run(), Err(DownloadError::Busy(_))));
    drop(first);
    pull.run().expect("it is free again");
}

#[test]
fn answers_that_end_it_say_why() {
    let with = |status: u16| Pull::from(move |_| Reply::status(status)).refusal();
    assert!(with(404).contains("there is no `o/n/f.gguf` on the hub"));
    assert!(with(401).contains("set `HF_TOKEN`"));
    assert!(with(403).contains("accept the model's terms"));
    assert!(with(418).contains("answered 418"));
    let mut busy = Pull::from(|_| Reply::status(429).header("retry-after", 0));
    assert!(busy.refusal().contains("in 4 attempts: the hub answered 429"));
}

#[test]
fn a_disk_without_room_is_not_filled() {
    let mut pull = Pull::from(|asked| {
        let reply = Reply::file(asked, b"x", &sum(b"x"));
        Reply { headers: Vec::new(), ..reply }.header("x-linked-size", 1u64 << 60)
    });
    let error = pull.refusal();
    assert!(error.contains("are needed; make room"), "{error}");
    assert!(!pull.hub.asked().iter().any(|asked| asked.method == "GET"));
}

#[test]
fn redirects_are_followed_only_to_safe_places_and_without_the_token() {
    let bytes = file(5000);
    let right = bytes.clone();
    let store = StandIn::start(move |asked| Reply::file(asked, &bytes, &sum(&bytes)));
    let (to, named) = (format!("{}/blob", store.base), sum(&right));
    let mut pull = Pull::from(move |_| {
        Reply::status(302)
            .header("location", &to)
            .header("x-linked-etag", &named)
            .header("x-linked-size", 5000)
    });
    let base = pull.hub.base.clone();
    let fetched = pull.with(&base, Some("secret")).expect("it is elsewhere");
    assert_eq!(fs::read(fetched.path).expect("it is there"), right);
    assert!(pull.hub.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer secret")));
    let elsewhere = store.asked();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|asked| asked.header("authorization").is_none()));

    let mut away = Pull::from(|_| Reply::status(302).header("location", "http://192.0.2.1/f.gguf"));
    assert!(away.refusal().contains("leads to `http://192.0.2.1/f.gguf`, which is not followed"));
    let mut round = Pull::from(|asked| Reply::status(302).header("location", &asked.path));
    assert!(round.refusal().contains("redirected more than 5 times"));
}

#[test]
fn hubs_are_encrypted_or_on_this_machine() {
    for right in
        ["https://hub.example", "http://127.0.0.1:8080/mirror/", "http://localhost:1", "http://[::1]:1"]
    {
        assert!(Hub::new(right, None).is_ok(), "{right}");
    }
    for wrong in [
        "http://hub.example",
        "ftp://127.0.0.1",
        "hub.example",
        "",
        "http://127.0.0.1.example",
        "https://a@b",
        "https://a?b",
    ] {
        assert!(Hub::new(wrong, None).is_err(), "{wrong}");
    }
    let hub = Hub::new("https://hub.example/mirror/", Some("secret".to_owned())).expect("it is one");
    let address = Address::parse("o/n@dev/sub/f.gguf").expect("it is one");
    assert_eq!(hub.url(&address).as_str(), "https://hub.example/mirror/o/n/resolve/dev/sub/f.gguf");
    assert!(!format!("{hub:?}").contains("secret"));
    let url = hub.url(&address);
    assert!(hub.follow(&url, "http://127.0.0.1/f").is_err(), "an encrypted hub leads to encrypted places");
    assert!(hub.follow(&url, "https://store.example/f").is_ok());
    assert!(hub.follow(&url, "file:///etc/passwd").is_err());
}

#[test]
fn addresses_lead_nowhere_else() {
    for wrong in [
        "o/n",
        "o/n/f.bin",
        "../n/f.gguf",
        "o/n/../f.gguf",
        "o/n/a b.gguf",
        "/n/f.gguf",
        "o/n/.f.gguf",
        "o/n//f.gguf",
    ] {
        assert_eq!(Address::parse(wrong), None, "{wrong}");
    }
}

/// A hub that speaks no TLS where it should is told of, and nothing breaks.
#[test]
fn an_encrypted_hub_that_is_none_is_told_of() {
    let mut pull = Pull::from(|_| Reply::status(200));
    let base = pull.hub.base.replace("http://", "https://");
    match pull.with(&base, None) {
        Err(DownloadError::GivenUp { .. }) => {}
        other => panic!("{other:?}"),
    }
}
