//! Commands and what is made of them.

#![expect(clippy::disallowed_methods, reason = "real shells are asked what they make of a line")]

use super::*;
use proptest::prelude::*;

/// Secrets are `.env` and what lies above.
fn look(word: &str) -> Option<Unclear> {
    let is_outside = word.starts_with('/') || word.split('/').any(|name| name == "..");
    match (is_outside, word.contains(".env")) {
        (true, _) => Some(Unclear::new(format!("`{word}` leads outside"))),
        (_, true) => Some(Unclear::secret(format!("`{word}` may hold secrets"))),
        _ => None,
    }
}

fn of_line(line: &str) -> Result<Harmless, Unclear> {
    words(line).and_then(|words| judge(&words, &look))
}

/// Lines that are harmless, the second half only over an overlay.
const HARMLESS: [&[&str]; 2] = [
    &[
        "ls",
        "ls -la 'a b' ok.txt",
        "ls -la \"a b\" a\\ b",
        "ls src/*.rs",
        "ls --color=never --color src",
        "  ls   -1  ",
        "cat a.txt b.txt",
        "cat -- -odd",
        "head -n 20 a.txt",
        "head -20 a.txt",
        "head -n -5 a.txt",
        "tail -n +3 a.txt",
        "tail -f log.txt",
        "wc -l src/main.rs",
        "wc -l src/*.rs",
        "echo hello world",
        "echo 'a; b && c $(d) `e` > f'",
        "echo \"it's \\\"fine\\\" \\$HOME\"",
        "printf '%s\\n' a",
        "pwd",
        "true",
        "false",
        "test -f a.txt",
        "file a.bin",
        "stat -c %s a.txt",
        "du -sh .",
        "df -h",
        "basename a/b.txt .txt",
        "dirname a/b",
        "date",
        "date -u +%Y-%m-%d",
        "date -d yesterday",
        "uname -a",
        "whoami",
        "id -u",
        "which cargo node",
        "sort -u -k 2,2 a.txt",
        "uniq -c a.txt",
        "cut -d , -f 1-3 a.csv",
        "tr a-z A-Z",
        "cmp a b",
        "comm -12 a b",
        "grep -n needle a.txt",
        "grep -e a -e b x",
        "grep 'foo|bar$' a.txt",
        "grep -A3 --include='*.rs' foo x",
        "fd -e rs foo",
        "find . -name '*.rs' -type f -not -path './target/*'",
        "find src \\( -name a -o -name b \\) -print0",
        "find . -maxdepth 2 -printf '%p\\n'",
        "sed -n 1,20p a.txt",
        "sed -n '/start/,/end/p' a.txt",
        "sed -e 's/a/b/g' -e '2d' a.txt",
        "sed 's|[/]x|y|'",
        "sed -n '$='",
        "sed 's/[[:space:]]*$//' a.txt",
        "sed -n '/x/{p;q}' a",
        "tree -L 2",
        "realpath a",
        "sha256sum a",
    ],
    &[
        "grep -rn needle src",
        "grep --recursive needle",
        "rg needle -g '*.rs' src",
        "rg --files",
        "rg -A 3 -e needle",
        "diff -u a b",
        "git status",
        "git status --short -b",
        "git --no-pager log --oneline -n 5",
        "git log -5 --format=%H main..dev -- src",
        "git diff HEAD~1 -- a.txt",
        "git diff --stat HEAD^",
        "git show HEAD:src/main.rs",
        "git branch -a",
        "git branch --show-current",
        "git blame -L 1,5 a.txt",
        "git ls-files",
        "git rev-parse HEAD",
        "cargo --version",
        "node -v",
        "npm --version",
        "go version",
        "python3 --version",
    ],
];

/// Lines that ask, and a word of the reason.
#[rustfmt::skip]
const ASKING: &[(&str, &str)] = &[
    // More than one plain command.
    ("ls; id", "single"), ("ls && id", "several commands"), ("ls || id", "several commands"), ("ls | sh", "a pipe"),
    ("ls |& sh", "a pipe"), ("ls & id", "single"), ("ls &", "single"), ("ls\nid", "U+000A"), ("ls\rid", "U+000D"),
    ("ls;", "single"), ("(ls)", "a group"), ("{ ls; }", "a group"), ("! ls", "`!`"), ("if true; then ls; fi", "if"),
    ("while true; do ls; done", "while"), ("for f in a; do ls; done", "for"), ("case a in a) ls;; esac", "case"),
    ("ls() { id; }", "a function"), ("function ls { id; }", "a function"), ("time ls", "`time`"), ("coproc ls", "`coproc`"),
    ("ls # comment", "single"), ("#ls", "a comment"), ("", "single"), ("  ", "single"), ("ls ((", "valid"), ("ls '", "valid"),
    ("ls \"a", "valid"), ("ls \\", ""), ("[ -f a ]", "test_command"), ("[[ -f a ]]", "test_command"), ("((1))", ""),
    // Expansions.
    ("echo $(id)", "a command inside"), ("echo `id`", "a command inside"), ("echo \"$(id)\"", "a command inside"),
    ("echo \"`id`\"", "a command inside"), ("echo $HOME", "a variable"), ("echo ${HOME}", "a variable"),
    ("echo \"$HOME\"", "a variable"), ("echo $((1+1))", "arithmetic"), ("echo $'a\\nb'", "`$` before"),
    ("echo $\"a\"", "a variable"), ("cat <(id)", "a command inside"), ("ls ~", "`~`"), ("ls ~root", "`~`"), ("ls a=~", "`~`"),
    ("echo {a,b}", ""), ("ls *", "`*`"), ("ls *.rs", "`*`"), ("ls -?", "`?`"), ("ls [a]*", "`[`"), ("cat a*", "any file"),
    ("uniq a*", "any file"), ("$0", "a variable"), ("$SHELL -c id", "a variable"), ("l\\s", "`\\`"), ("echo \\n", "`\\`"),
    ("echo !!", "`!`"), ("echo a!b", "`!`"), ("echo \"a$\"", ""), ("?s", "`?`"),
    // Redirections.
    ("echo hi > a", "a redirection"), ("echo hi >> a", "a redirection"), ("echo hi >| a", "a redirection"),
    ("echo hi 2> a", "a redirection"), ("echo hi &> a", "a redirection"), ("cat < a", "a redirection"),
    ("cat <> a", ""), ("echo hi > ~/.bashrc", ""), ("cat <<EOF\n$(id)\nEOF", "U+000A"), ("cat <<< a", "a redirection"),
    ("> a", "a redirection"), ("ls 2>&1", "a redirection"),
    // Assignments.
    ("A=1 ls", "an assignment"), ("PATH=. ls", "an assignment"), ("A=1", "an assignment"), ("export A=1", "a change of the shell"),
    ("LD_PRELOAD=./x.so ls", "an assignment"), ("declare -x A=1", "a change of the shell"), ("unset A", "a change of the shell"),
    ("alias ls=id", "`alias`"), ("set -e", "`set`"), ("source a", "`source`"), (". a", "`.`"), ("eval ls", "`eval`"),
    // What cannot be seen.
    ("ls \u{202e}a", "U+202E"), ("ls\u{a0}-la", "U+00A0"), ("ls \u{200b}", "U+200B"), ("ls é", "U+00E9"), ("ls\ta", "U+0009"),
    ("ls \u{0}", "U+0000"), ("ls \u{1b}[2J", "U+001B"), ("lѕ", "U+0455"), ("ls \u{e0041}", "U+E0041"),
    // Programs.
    ("./ls", "by its path"), ("/tmp/ls", "by its path"), ("/bin/ls", "by its path"), ("bin/ls", "by its path"),
    ("a\\/ls", "by its path"), ("sh -c ls", "`sh`"), ("bash -c id", "version"), ("env ls", "`env`"), ("xargs rm", "`xargs`"),
    ("nice ls", "`nice`"), ("timeout 1 ls", "`timeout`"), ("command ls", "`command`"), ("exec ls", "`exec`"),
    ("sudo ls", "`sudo`"), ("nohup ls", "`nohup`"), ("stdbuf -o0 ls", "`stdbuf`"), ("busybox ls", "`busybox`"),
    ("python3 -c 'x'", "version"), ("node -e 1", "version"), ("perl -e 1", "version"), ("awk '{print}' a", "version"),
    ("awk 'BEGIN{system(\"id\")}'", "version"), ("cargo build", "version"), ("npm install", "version"), ("make", "version"),
    ("go run .", "version"), ("rm a", "`rm`"), ("mv a b", "`mv`"), ("cp a b", "`cp`"), ("tee a", "`tee`"), ("touch a", "`touch`"),
    ("curl x", "`curl`"), ("ssh x", "`ssh`"), ("dd if=a", "`dd`"), ("vim a", "`vim`"), ("less a", "`less`"), ("man ls", "`man`"),
    ("LS", "`LS`"), ("'ls ' a", "`ls `"), ("cargo +evil --version", "version"), ("npm --version x", "version"),
    // Options and arguments.
    ("sort -o a b", "sort -o"), ("sort -oa b", "sort -oa"), ("sort --output=a b", "--output"), ("sort --outp=a b", "--outp"),
    ("sort a -o b", "sort -o"), ("sort -uo a b", "sort -uo"), ("sort --compress-program=./x a", "--compress"),
    ("sort -T . a", "sort -T"), ("sort -S 1 a", "sort -S"), ("sort --files0-from=a", "--files0"), ("uniq a b", "so many"),
    ("date -s x", "date -s"), ("date --set=x", "--set"), ("date 010100002030", "may set"), ("date -f a", "date -f"),
    ("file -C -m a", "file -C"), ("file -f a", "file -f"), ("wc --files0-from=a", "--files0"), ("tree -o a", "tree -o"),
    ("du -X a", "du -X"), ("printf -v a b", "printf -v"), ("test -v 'a[$(id)]'", "test -v"), ("test 'a[$(id)]' -ef b", "test"),
    ("test a -eq 'b[1]'", "test -eq"), ("diff --to-file=a b", "--to-file"), ("diff -l a b", "diff -l"), ("diff a b c", "so many"),
    ("grep -f a b", "grep -f"), ("grep -e --file=a x", "grep -e"), ("egrep --file=a", "--file"), ("grep -d recurse x", "grep -d"),
    ("rg --pre ./x a", "--pre"), ("rg --pre=./x a", "--pre"), ("rg -z a", "rg -z"), ("rg --search-zip a", "--search-zip"),
    ("rg --hostname-bin=./x a", "--hostname-bin"), ("rg -f a", "rg -f"), ("rg --hyperlink-format=x a", "--hyperlink"),
    ("rg --ignore-file a b", "--ignore-file"), ("fd -x rm", "fd -x"), ("fd -X rm", "fd -X"), ("fd --exec rm", "--exec"),
    ("fd --exec-batch=rm", "--exec-batch"), ("fd -l", "fd -l"), ("find . -exec id \\;", "find -exec"), ("find . -execdir id \\;", "-execdir"),
    ("find . -ok id \\;", "-ok"), ("find . -okdir id \\;", "-okdir"), ("find . -delete", "-delete"), ("find . -fprint a", "-fprint"),
    ("find . -fprintf a b", "-fprintf"), ("find . -fprint0 a", "-fprint0"), ("find . -fls a", "-fls"), ("find -files0-from a", "-files0"),
    ("find . -name a -exec id {} +", ""), ("find . -newerXY a", "-newerXY"), ("find .. -name a", "outside"), ("find / -name a", "outside"),
    ("sed -i s/a/b/ x", "sed -i"), ("sed -i.bak s/a/b/ x", "sed -i"), ("sed --in-place s/a/b/ x", "--in-place"), ("sed -n -i p x", "sed -i"),
    ("sed -ni p x", "sed -ni"), ("sed -f a b", "sed -f"), ("sed 1e a", "script"), ("sed '1e id' a", "script"), ("sed 's/a/id/e' a", "script"),
    ("sed 's/a/b/ge' a", "script"), ("sed 's/a/b/w x' a", "script"), ("sed 'w x' a", "script"), ("sed -n '/a/w x' a", "script"),
    ("sed 'W x' a", "script"), ("sed 'r x' a", "script"), ("sed 'R x' a", "script"), ("sed 'p;w x' a", "script"), ("sed 'p}' a", "script"),
    ("sed '{p' a", "script"), ("sed 's/a/b/;e' a", "script"), ("sed 's/[/]/e' a", "script"), ("sed 's/[/]e/x/' a", "script"),
    ("sed 's/[[:alpha:]/]/e' a", "script"), ("sed -e p -e 'e id' a", "script"), ("sed --expression=e a", "script"), ("sed -s 1F a", "script"),
    ("sed 'y/a/b/e' a", "script"), ("sed '#n' a", "script"), ("sed 'b x' a", "script"), ("sed 'a x' a", "script"), ("sed", "no script"),
    ("sed 's\\aebec' x", "script"), ("sed '\\ce id' a", "script"), ("sed 's/a/b/m;e id'", "script"), ("sed -E 's/a/b/we' a", "script"),
    // git
    ("git", "nothing"), ("git push", "`git push`"), ("git commit -m a", "`git commit`"), ("git -c a=b status", "`git -c`"),
    ("git -c core.fsmonitor=id status", "`git -c`"), ("git --exec-path=. status", "--exec-path"), ("git -C .. status", "`git -C`"),
    ("git --git-dir=x status", "--git-dir"), ("git --work-tree=x status", "--work-tree"), ("git --config-env=a=b status", "--config-env"),
    ("git -p log", "`git -p`"), ("git --paginate log", "--paginate"), ("git diff --ext-diff", "--ext-diff"), ("git diff --textconv", "--textconv"),
    ("git diff --output=a", "--output"), ("git log --output a", "--output"), ("git diff --no-index a b", "--no-index"),
    ("git grep -O a", "`git grep`"), ("git grep --open-files-in-pager=id a", "`git grep`"), ("git lg", "`git lg`"), ("git st", "`git st`"),
    ("git branch new", "may change"), ("git branch -D a", "branch -D"), ("git branch -m a b", "branch -m"), ("git branch --edit-description", "--edit"),
    ("git checkout a", "`git checkout`"), ("git show --ext-diff a", "--ext-diff"), ("git log -O a", "log -O"), ("git diff -Oorder", "diff -O"),
    ("git status --porcelain=2 ../x", "outside"), ("git diff -- /etc/passwd", "outside"), ("git difftool", "`git difftool`"),
    ("git blame --contents a b", "--contents"), ("git bisect run id", "`git bisect`"), ("git submodule foreach id", "`git submodule`"),
    ("git config --list", "`git config`"), ("git stash", "`git stash`"), ("git fetch", "`git fetch`"), ("git remote -v", "`git remote`"),
    ("git log --exec=id", "--exec"), ("git rev-parse --parseopt", "--parseopt"), ("git ls-files --exclude-from=a", "--exclude-from"),
    // What they would read.
    ("cat /etc/passwd", "outside"), ("cat ../a", "outside"), ("head -n 1 a/../../b", "outside"), ("cat .env", "secrets"),
    ("cat ./.env", "secrets"), ("cat '.e'nv", "secrets"), ("grep KEY .env", "secrets"), ("grep -e KEY .env", "secrets"),
    ("sort -- .env", "secrets"), ("sed -n p .env", "secrets"), ("git show HEAD:.env", "secrets"), ("git diff -- .env", "secrets"),
    ("wc .env", "secrets"), ("tail -f .env.local", "secrets"), ("find .env -ls", "secrets"), ("diff a .env", "secrets"), ("test -f .env", "secrets"),
];

#[test]
fn what_is_harmless_runs_without_a_question() {
    let mut wrong = Vec::new();
    for (lines, tier) in HARMLESS.iter().zip([Tier::Landlock, Tier::Overlay]) {
        for line in *lines {
            match of_line(line) {
                Ok(harmless) if harmless.from == tier => {}
                other => wrong.push(format!("{line}: {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everything_else_asks_and_says_why() {
    let mut wrong = Vec::new();
    for (line, word) in ASKING {
        match of_line(line) {
            Err(unclear) if unclear.why.contains(word) => {}
            other => wrong.push(format!("{line:?}: {other:?}, not {word}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_without_a_shell_are_judged_alike() {
    let argv = |words: &[&str]| {
        let argv = CommandText::Argv(words.iter().map(|word| (*word).to_owned()).collect());
        plain(&argv).and_then(|words| judge(&words, &look))
    };
    assert!(argv(&["ls", "-la", "a b", "*", "$HOME", "; id"]).is_ok());
    assert!(argv(&["grep", "$(x)", "a"]).is_ok());
    for words in [
        &["ls", "a\nb"][..],
        &["ls", "\u{202e}"],
        &["./ls"],
        &["sh", "-c", "ls"],
        &["sort", "-o", "a"],
        &["cat", ".env"],
        &["find", ".", "-exec", "id", ";"],
        &[""],
        &[],
    ] {
        assert!(argv(words).is_err(), "{words:?}");
    }
    let input = CommandText::Input { process: "a".to_owned(), text: "ls".to_owned() };
    assert!(plain(&input).is_err());
}

#[test]
fn commands_in_a_longer_line_are_found() {
    let found =
        |line: &str| all_commands(line).iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("|");
    assert_eq!(found("cd a && git push -f; (ls | wc)"), "cd a|git push -f|ls|wc");
    assert_eq!(found("echo $(git 'pu'sh)"), "echo|git push");
    all_commands(&"(".repeat(20_000));
    all_commands(&format!("{}id{}", "$(".repeat(3_000), ")".repeat(3_000)));
}

/// What makes a line more than plain words, wherever it is put outside of quotes.
const MARKS: &[&str] = &[
    ";", "&", "|", "<", ">", "(", ")", "$x", "$(id)", "`id`", "\n", "\r", "\t", "\0", "#", "!", "{", "}",
    "\u{a0}", "\u{202e}", "&&id", "||id", ";id", "|sh", ">x", "<x", "[", "]", "*(", "\u{200b}", "é",
];

/// Places outside of quotes and not behind a backslash.
fn open_places(line: &str) -> Vec<usize> {
    let (mut quote, mut is_escaped, mut places) = (None, false, vec![0]);
    for (at, byte) in line.bytes().enumerate() {
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (None | Some(b'"'), b'\\') => is_escaped = true,
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        if quote.is_none() && !is_escaped {
            places.push(at + 1);
        }
    }
    places
}

#[test]
fn no_mark_outside_of_quotes_is_ever_harmless() {
    for line in HARMLESS.concat() {
        for place in open_places(line) {
            for mark in MARKS {
                let changed = format!("{}{mark}{}", &line[..place], &line[place..]);
                assert!(of_line(&changed).is_err(), "{changed:?}");
            }
        }
    }
}

/// What two shells make of a line's words, without names of files.
fn of_shell(shell: &str, line: &str) -> Option<Vec<String>> {
    let script = format!("set -f; printf '%s\\0' {line}");
    let output = std::process::Command::new(shell).args(["-c", &script]).env_clear().output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split_terminator('\0').map(str::to_owned).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever is read as plain words here, shells read as the same words.
    #[test]
    #[cfg(unix)]
    fn shells_read_the_same_words(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("a"), Just("b1"), Just(" "), Just("'"), Just("\""), Just("\\"), Just("$"), Just("-"), Just("="),
                Just("~"), Just("^"), Just("@"), Just("%"), Just(":"), Just(","), Just("."), Just("/"), Just("+"),
                Just("*"), Just("?"), Just("{"), Just("}"), Just("!"), Just("#"), Just(";"), Just("\\ "), Just("\\\""),
                Just("' '"), Just("\"x y\""), Just("''"), Just("\\\\"), Just("[")
            ],
            1..9,
        )
    ) {
        let line = pieces.concat();
        // A word before them, so that they are arguments.
        if let Ok(found) = words(&format!("printf {line}")) {
            let found: Vec<String> = found.into_iter().skip(1).map(|word| word.text).collect();
            for shell in ["sh", "bash"] {
                let theirs = of_shell(shell, &line);
                // Without arguments, printf prints its format once.
                let theirs = theirs.map(|theirs| if found.is_empty() { Vec::new() } else { theirs });
                prop_assert_eq!(theirs.as_ref(), Some(&found), "{}", line);
            }
        }
    }

    /// Anything at all is judged without a panic, and nothing but ASCII is harmless.
    #[test]
    fn any_text_is_judged(line in ".{0,60}") {
        let judged = of_line(&line);
        prop_assert!(judged.is_err() || line.is_ascii());
    }
}
