//! A unified diff as values. Headers may be git's or plain; line counts may be wrong or missing; whatever stands around
//! the patch is passed over.

/// One file's part of a patch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FilePatch {
    /// `None` for a new file.
    pub(super) old: Option<String>,
    /// `None` for a deleted file.
    pub(super) new: Option<String>,
    /// The old file stays.
    pub(super) copies: bool,
    /// A new file that may be run.
    pub(super) executable: bool,
    pub(super) hunks: Vec<Hunk>,
}

/// One changed region.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Line of the patch at which it begins, counted from 1.
    pub(super) at: usize,
    /// First line of the old file, counted from 1; `None` where the patch does not say.
    pub(super) start: Option<usize>,
    pub(super) lines: Vec<Line>,
    /// The old text ends without a line feed.
    pub(super) old_unended: bool,
    /// The new text ends without a line feed.
    pub(super) new_unended: bool,
}

/// One line of a hunk, without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Same(String),
    Old(String),
    New(String),
}

/// The most files of a patch.
const FILES: usize = 1_000;
/// The most hunks of a patch.
const HUNKS: usize = 10_000;

/// Reads a patch.
///
/// # Errors
/// When it has no file or no sense, or too much of it.
pub(super) fn parse(patch: &str) -> Result<Vec<FilePatch>, String> {
    let lines = lines(patch);
    let mut reader = Reader { lines: &lines, at: 0, files: Vec::new(), git: false, hunks: 0 };
    while reader.at < lines.len() {
        reader.step()?;
        if reader.files.len() > FILES || reader.hunks > HUNKS {
            return Err(format!("the patch has over {FILES} files or {HUNKS} hunks; send it in parts"));
        }
    }
    let mut files = reader.files;
    if files.is_empty() {
        return Err(
            "no file header is in the patch; a unified diff begins with `--- a/path` and `+++ b/path`"
                .to_owned(),
        );
    }
    files.iter_mut().for_each(strip_prefixes);
    Ok(files)
}

/// Lines without their line feeds. Where headers end with a carriage return, the patch was converted on its way and no
/// line means its own.
fn lines(patch: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = patch.split('\n').collect();
    lines.pop_if(|last| last.is_empty());
    let is_header =
        |line: &&&str| line.starts_with("diff --git ") || line.starts_with("--- ") || line.starts_with("@@");
    if lines.iter().find(is_header).is_some_and(|line| line.ends_with('\r')) {
        lines.iter_mut().for_each(|line| *line = line.strip_suffix('\r').unwrap_or(line));
    }
    lines
}

struct Reader<'p> {
    lines: &'p [&'p str],
    at: usize,
    files: Vec<FilePatch>,
    /// The file was begun by `diff --git`, and its `---` has not come yet.
    git: bool,
    hunks: usize,
}

impl Reader<'_> {
    fn line(&self, ahead: usize) -> &str {
        self.lines.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn step(&mut self) -> Result<(), String> {
        let (line, number) = (self.line(0).to_owned(), self.at + 1);
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.begin_git(names, number)?;
        } else if line.starts_with("--- ") && self.line(1).starts_with("+++ ") {
            self.begin_plain(number)?;
        } else if line.starts_with("@@") {
            self.hunk(&line)?;
            return Ok(());
        } else if line.starts_with("GIT binary patch")
            || (line.starts_with("Binary files ") && line.ends_with(" differ"))
        {
            return Err(format!(
                "line {number}: binary patches are not applied; write_file and move_path change whole files"
            ));
        } else if self.git {
            self.extended(&line, number)?;
        }
        self.at += 1;
        Ok(())
    }

    fn begin_git(&mut self, names: &str, number: usize) -> Result<(), String> {
        let (old, new) = git_names(names).map_err(|why| format!("line {number}: {why}"))?;
        self.files.push(FilePatch { old: Some(old), new: Some(new), ..FilePatch::default() });
        self.git = true;
        Ok(())
    }

    fn begin_plain(&mut self, number: usize) -> Result<(), String> {
        let fail = |why| format!("line {number}: {why}");
        let old = header_name(&self.line(0)[4..]).map_err(fail)?;
        let new = header_name(&self.line(1)[4..]).map_err(fail)?;
        if old.is_none() && new.is_none() {
            return Err(format!("line {number}: both sides are /dev/null"));
        }
        self.at += 1;
        if std::mem::take(&mut self.git)
            && let Some(file) = self.files.last_mut()
        {
            // After `rename from` and `rename to` these are the same names again.
            (file.old, file.new) = (old, new);
        } else {
            self.files.push(FilePatch { old, new, ..FilePatch::default() });
        }
        Ok(())
    }

    /// A line between `diff --git` and `---`.
    fn extended(&mut self, line: &str, number: usize) -> Result<(), String> {
        let Some(file) = self.files.last_mut() else { return Ok(()) };
        let name = |text: &str| unquote(text).map_err(|why| format!("line {number}: {why}"));
        if let Some(mode) = line.strip_prefix("new file mode ") {
            if mode.starts_with("120") || mode.starts_with("160") {
                return Err(format!("line {number}: symbolic links and submodules are not made by patches"));
            }
            (file.old, file.executable) = (None, mode.ends_with("755"));
        } else if line.starts_with("deleted file mode ") {
            file.new = None;
        } else if let Some(from) = line.strip_prefix("rename from ") {
            file.old = Some(format!("a/{}", name(from)?));
        } else if let Some(to) = line.strip_prefix("rename to ") {
            file.new = Some(format!("b/{}", name(to)?));
        } else if let Some(from) = line.strip_prefix("copy from ") {
            (file.old, file.copies) = (Some(format!("a/{}", name(from)?)), true);
        } else if let Some(to) = line.strip_prefix("copy to ") {
            file.new = Some(format!("b/{}", name(to)?));
        }
        Ok(())
    }

    fn hunk(&mut self, header: &str) -> Result<(), String> {
        let number = self.at + 1;
        self.git = false;
        self.hunks += 1;
        self.at += 1;
        let (start, mut old_left, mut new_left) = numbers(header);
        let mut hunk = Hunk { at: number, start, ..Hunk::default() };
        while self.at < self.lines.len() && self.is_body(old_left, new_left) {
            let line = self.line(0).to_owned();
            let rest = line.get(1..).unwrap_or_default().to_owned();
            match line.as_bytes().first() {
                Some(b'-') => hunk.lines.push(Line::Old(rest)),
                Some(b'+') => hunk.lines.push(Line::New(rest)),
                Some(b'\\') => match hunk.lines.last() {
                    Some(Line::Old(_)) => hunk.old_unended = true,
                    Some(Line::New(_)) => hunk.new_unended = true,
                    Some(Line::Same(_)) => (hunk.old_unended, hunk.new_unended) = (true, true),
                    None => {}
                },
                // An empty line of the text whose leading space got lost.
                _ => hunk.lines.push(Line::Same(rest)),
            }
            if !line.starts_with('\\') {
                old_left -= i64::from(!line.starts_with('+'));
                new_left -= i64::from(!line.starts_with('-'));
            }
            self.at += 1;
        }
        let next = self.line(0);
        let ends = ["@@", "diff ", "--- ", "-- ", "```"];
        if (old_left > 0 || new_left > 0) && !next.is_empty() && !ends.iter().any(|end| next.starts_with(end))
        {
            let number = self.at + 1;
            return Err(format!("line {number} is inside of a hunk but begins with none of ` `, `+`, `-`"));
        }
        if hunk.lines.iter().all(|line| matches!(line, Line::Same(_))) {
            return Err(format!("line {number}: the hunk changes nothing"));
        }
        let Some(file) = self.files.last_mut() else {
            return Err(format!("line {number}: a hunk comes before any `--- a/path` and `+++ b/path`"));
        };
        file.hunks.push(hunk);
        Ok(())
    }

    /// Whether the line goes on with a hunk that, by its header, has so many lines left.
    fn is_body(&self, old_left: i64, new_left: i64) -> bool {
        let (line, done) = (self.line(0), old_left <= 0 && new_left <= 0);
        let is_header = line.starts_with("--- ") && self.line(1).starts_with("+++ ");
        match line.as_bytes().first() {
            // A removed `-- x` before an added `++ x` looks just like it, and only the counts tell.
            Some(b'-') if is_header && (done || self.line(2).starts_with("@@")) => {
                (old_left, new_left) == (1, 1)
            }
            // What `git format-patch` ends with.
            Some(b'-') if done && line == "-- " => false,
            Some(b' ' | b'+' | b'-' | b'\\') => true,
            None | Some(b'\r') if !done => true,
            None => {
                let next = self.lines[self.at..].iter().find(|line| !line.is_empty());
                next.is_some_and(|next| next.starts_with([' ', '+', '-'])) && !self.header_follows()
            }
            Some(_) => false,
        }
    }

    /// Whether the next line that is not empty begins another file.
    fn header_follows(&self) -> bool {
        let mut rest = self.lines[self.at..].iter().skip_while(|line| line.is_empty());
        let (next, after) = (rest.next().unwrap_or(&""), rest.next().unwrap_or(&""));
        *next == "-- " || (next.starts_with("--- ") && after.starts_with("+++ "))
    }
}

/// First line and counts of `@@ -3,4 +5,6 @@`; what is missing is taken for one line or none.
fn numbers(header: &str) -> (Option<usize>, i64, i64) {
    let mut parts = header.trim_start_matches('@').split_whitespace();
    let mut side = |sign: char| {
        let part = parts.next()?.strip_prefix(sign)?;
        let (start, count) = part.split_once(',').unwrap_or((part, "1"));
        Some((start.parse::<u32>().ok()?, count.parse::<u32>().ok()?))
    };
    match (side('-'), side('+')) {
        (Some((start, old)), Some((_, new))) => (Some(start as usize), old.into(), new.into()),
        (Some((start, old)), None) => (Some(start as usize), old.into(), 0),
        (None, _) => (None, 0, 0),
    }
}

/// A name after `---` or `+++`; `None` for `/dev/null`. A tab begins a time, which is not wanted.
fn header_name(text: &str) -> Result<Option<String>, String> {
    let text = if text.starts_with('"') { text } else { text.split('\t').next().unwrap_or(text) };
    let text = text.trim_end();
    if text == "/dev/null" { Ok(None) } else { unquote(text).map(Some) }
}

/// Both names after `diff --git`.
fn git_names(text: &str) -> Result<(String, String), String> {
    if text.starts_with('"') || text.ends_with('"') {
        let split = if let Some(rest) = text.strip_prefix('"') {
            rest.find("\" ").map(|at| at + 2)
        } else {
            text.find(" \"")
        };
        let (old, new) = text.split_at(split.ok_or_else(|| unreadable(text))?);
        return Ok((unquote(old.trim())?, unquote(new.trim())?));
    }
    // A name may have spaces, but but for a rename both are the same.
    let middle = text.match_indices(' ').map(|(at, _)| text.split_at(at));
    let same = |(old, new): &(&str, &str)| {
        let (old, new) = (*old, &new[1..]);
        old == new || old.split_once('/').zip(new.split_once('/')).is_some_and(|(old, new)| old.1 == new.1)
    };
    let (old, new) =
        middle.clone().find(same).or_else(|| middle.clone().next()).ok_or_else(|| unreadable(text))?;
    Ok((old.to_owned(), new[1..].to_owned()))
}

fn unreadable(name: &str) -> String {
    let name: String = name.chars().take(120).collect();
    format!("`{name}` cannot be read as a path")
}

/// A name as git writes it, quoted like a C string where it has to; bytes that are not UTF-8 as our paths have them.
fn unquote(text: &str) -> Result<String, String> {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return Ok(text.to_owned());
    };
    let (mut bytes, mut rest) = (Vec::new(), inner.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().ok_or_else(|| unreadable(text))? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                first @ b'0'..=b'3' => {
                    let mut digit =
                        || rest.next().filter(|byte| (b'0'..=b'7').contains(byte)).map(|byte| byte - b'0');
                    let (second, third) = digit().zip(digit()).ok_or_else(|| unreadable(text))?;
                    (first - b'0') * 64 + second * 8 + third
                }
                other => other,
            },
            other => other,
        });
    }
    let mut name = String::new();
    for chunk in bytes.utf8_chunks() {
        name.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02x}")));
    }
    Ok(name)
}

/// Takes off `a/` and `b/`, or whatever single letters git was told to write there.
fn strip_prefixes(file: &mut FilePatch) {
    let split = |name: &Option<String>| {
        let (prefix, rest) = name.as_deref()?.split_once('/')?;
        (prefix.len() == 1).then(|| (prefix.to_owned(), rest.to_owned()))
    };
    match (&file.old, &file.new, split(&file.old), split(&file.new)) {
        (Some(_), Some(_), Some((a, old)), Some((b, new)))
            if a != b && (old == new || (a == "a" && b == "b")) =>
        {
            (file.old, file.new) = (Some(old), Some(new));
        }
        (Some(_), None, Some((a, old)), _) if a == "a" => file.old = Some(old),
        (None, Some(_), _, Some((b, new))) if b == "b" => file.new = Some(new),
        _ => {}
    }
}
