//! The scanner against the parser it must equal.

mod random;

use super::{Name, NameKind, python};
use tree_sitter::{Parser, Tree};

fn parse(text: &[u8]) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits the library");
    parser.parse(text, None).expect("nothing cancels the parse")
}

/// The names of the tree's definitions, in text order.
fn parsed(tree: &Tree) -> Vec<Name> {
    let mut names = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let kind = match cursor.node().kind() {
            "function_definition" => Some(NameKind::Function),
            "class_definition" => Some(NameKind::Class),
            _ => None,
        };
        if let (Some(kind), Some(name)) = (kind, cursor.node().child_by_field_name("name")) {
            names.push(Name { range: name.start_byte() as u32..name.end_byte() as u32, kind });
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return names;
            }
        }
    }
}

fn scanned(text: &[u8]) -> Vec<Name> {
    let mut names = Vec::new();
    python(text, |name| names.push(name));
    names
}

/// The scanned names as text, classes with a `*` before them.
fn shown(text: &[u8]) -> Vec<String> {
    let show = |name: &Name| {
        let star = if name.kind == NameKind::Class { "*" } else { "" };
        format!(
            "{star}{}",
            String::from_utf8_lossy(&text[name.range.start as usize..name.range.end as usize])
        )
    };
    scanned(text).iter().map(show).collect()
}

/// Checks a text that parses: the scanner finds `names`, and just what the parser finds.
fn check(text: impl AsRef<[u8]>, names: &[&str]) {
    let text = text.as_ref();
    let tree = parse(text);
    let shown_text = String::from_utf8_lossy(text);
    assert!(!tree.root_node().has_error(), "does not parse: {shown_text}\n{}", tree.root_node());
    assert_eq!(parsed(&tree), scanned(text), "{shown_text}");
    assert_eq!(shown(text), names, "{shown_text}");
}

/// Checks a text that does not parse.
fn check_broken(text: impl AsRef<[u8]>, names: &[&str]) {
    let text = text.as_ref();
    let shown_text = String::from_utf8_lossy(text);
    assert!(parse(text).root_node().has_error(), "parses: {shown_text}");
    assert_eq!(shown(text), names, "{shown_text}");
}

#[test]
fn finds_definitions_at_any_depth() {
    check("", &[]);
    check("def a(): pass", &["a"]);
    check("class A: pass", &["*A"]);
    check("class A(B, metaclass=C):\n    def m(self):\n        def n(): pass\n", &["*A", "m", "n"]);
    check("if x:\n\tclass A:\n\t\tasync def m(self) -> int: ...\n", &["*A", "m"]);
    check("@d(\n  1,\n)\n@e\nasync  def  f (): pass\n", &["f"]);
    check("def f[T](a: T) -> T: pass\nclass A[T: int](B[T]): pass\nclass B[T]: pass\n", &["f", "*A", "*B"]);
    check("try:\n  def a(): pass\nexcept X:\n  def a(): pass\nfinally:\n  def b(): pass\n", &["a", "a", "b"]);
    check("x = 1; y = 2;\ndef a(): pass; pass\n", &["a"]);
    check("match x:\n  case {'def': class_}:\n    def a(): pass\n", &["a"]);
    check("def a(x=[\n1,\n], y='def b(): pass'\n): return lambda: 0\ndef c(): pass\n", &["a", "c"]);
}

#[test]
fn takes_soft_keywords_for_names() {
    check(
        "def match(): pass\ndef type(): pass\ndef case(): pass\nclass _: pass\n",
        &["match", "type", "case", "*_"],
    );
    check("def print(): pass\ndef exec(): pass\n", &["print", "exec"]);
    check("type = match\nprint 'x'\nprint >>f, `x`, 1\nexec 'def a(): pass' in d\ndef b(): pass\n", &["b"]);
}

#[test]
fn knows_where_words_end() {
    check("define = defx = classy = class_ = _def = 0xdef\nclassmethod(a)\ndef a(): pass\n", &["a"]);
    check("defer(\n1)\nasync_def(a)\nclass1 = 2\n", &[]);
    check(
        "def été(): pass\nclass Ünï(x): pass\nclass 名前: pass\ndef a\u{301}b(): pass\n",
        &["été", "*Ünï", "*名前", "a\u{301}b"],
    );
    check("édef = 1\ndefé = 2\ndef\u{200b}a\u{2060}(): pass\n", &["a"]);
}

#[test]
fn skips_blanks_as_the_grammar_does() {
    check("\u{feff}def a(): pass\n\u{feff}class B: pass\n", &["a", "*B"]);
    check("def a():\r\n    pass\r\n\r\nclass B:\r\n    def c(self):\r\n        pass\r\n", &["a", "*B", "c"]);
    check("x = 1\n\x0c\ndef a(): pass\n\x0cclass B: pass\n\x0bdef c(): pass\n", &["a", "*B", "c"]);
    check("def \\\n  a \\\r\n (): pass\nclass\\\nB\\\n: pass\nasync \\\n def c(): pass\n", &["a", "*B", "c"]);
    check("\\\ndef a(): pass\n", &["a"]);
    check("def \\\0a(): pass\n", &["a"]);
    check("def # why\na # ( \n(): pass\nasync # b\ndef c(): pass\n", &["a", "c"]);
    check("x = 1 # def a(): \\\ndef b(): pass # '''\nclass C: pass # \"\n", &["b", "*C"]);
    check("# a comment\rdef a(): pass\ndef b(): pass\n", &["b"]);
    check(b"# \xff\xfe \xc3\nx = '\xff\\\xff\xe2'\ndef a(): pass\n", &["a"]);
}

#[test]
fn skips_strings() {
    check("'''\ndef a(): pass\n'''\n\"\"\"\nclass B: \\\"\"\" '''\n\"\"\"\ndef c(): pass\n", &["c"]);
    check("x = '\\\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = '\\\r\ndef a(): pass'\r\ndef b(): pass\n", &["b"]);
    check(r"x = '\'' + '\\' + '\\\'' + '' + '\x' + '\u12'", &[]);
    check("x = '''a'''+''''b'''+'''\\'''' + '''\\'\\''''\ndef b(): pass\n", &["b"]);
    check("x = '#' ; y = \"#'\" # '\ndef b(): pass\n", &["b"]);
    check("x = `'def` + `a`\ndef b(): pass\n", &["b"]);
    check("x = ```'`\ndef b(): pass\n", &["b"]);
    check("x = ('a' \"b\"\n'''c\ndef d(): pass\n''')\ndef e(): pass\n", &["e"]);
}

#[test]
fn reads_prefixes() {
    check("x = r'\\' ' + R\"\\\\\" + rb'\\'' + Br'\\\\'\ndef a(): pass\n", &["a"]);
    check("x = r'\\\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = b'\\N{' + B'\\u{' + u'\\'' + U'{'\ndef a(): pass\nx = {}\n", &["a"]);
    check("x = '\\N{DASH}' + f'\\N{DASH}{x}' + rf'\\N{x}' + r'\\N{'\ndef a(): pass\nx = {}\n", &["a"]);
    check("if x in'\\'':pass\nprint'{'\nprint\"\"\"{\"\"\"\nreturn\"\\\"\"\ndef a(): pass\n", &["a"]);
}

#[test]
fn follows_interpolations() {
    check("x = f'{a}' + F'{a!r:>{w}.{p}}' + f'{{' + f'}}' + f'{{{a}}}'\ndef b(): pass\n", &["b"]);
    check("x = f'{a['b']}' + f'{f'{f'{1}'}'}' + f\"{\"}\"}\"\ndef b(): pass\n", &["b"]);
    check("x = f'''{\na # }'''\n}'''\ndef b(): pass\n", &["b"]);
    check("x = f'{lambda x: '}'}' + f'{(lambda: '}')}'\ndef b(): pass\n", &["b"]);
    check("x = f'{a:'}' + f'{a:\"{b}\"}' + f'{a[1:2]:#x}' + f'{ {1: '}'}[1] }'\ndef b(): pass\n", &["b"]);
    check("x = f'{a:=5}' + f'{(a:='}')}' + f'{a.b:='}'\ndef c(): pass\n", &["c"]);
    check("x = rf'\\{a}' + fr'\\'{a}' + rf'{a}\\''\ndef b(): pass\n", &["b"]);
    check("x = t'{a['b']}' + f'\\'{a}\\\\' + f'\\{a}'\ndef b(): pass\n", &["b"]);
    check("x = f'''\n{a}\ndef b(): pass\n{'''\ndef c(): pass\n'''}'''\ndef d(): pass\n", &["d"]);
    check("x = f'{a!r}' f\"{a != 'b'}\" f'{a=}'\ndef b(): pass\n", &["b"]);
}

/// A closing brace in a string, and after it what only a wrong reading would take for code.
#[test]
fn tells_colons_in_interpolations_apart() {
    let string = "'''}\ndef a(): pass\n'''";
    for expression in [
        "lambda: @",
        "a:=@",
        "a if b:=1 else@",
        "not a:=@",
        "b[a:@]",
        "{1:@}",
        "(1, lambda: @)",
        "a, b:=@",
        "a and b:=@",
        "lambda: b:=@",
        "a:=b:=@",
    ] {
        check(format!("x = f'{{ {} }}'\ndef b(): pass\n", expression.replace('@', string)), &["b"]);
    }
    for expression in
        ["a.b:=@", "a[1]:@", "(lambda: 1):@", "[a, (b)]:@", "{1: 2}[1]:@", "1:=@", "a + b:=@", "a!r:@"]
    {
        let text = format!("x = f'{{ {} }}'\ndef b(): pass\n", expression.replace('@', "'''"));
        check(text, &["b"]);
    }
}

/// What the parser lets pass where Python does not.
#[test]
fn follows_the_grammar_where_it_is_lax() {
    check("x = 'a\\t\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = '\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = '# a\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = '{a\n}def b(): pass'\ndef c(): pass\n", &["c"]);
    check("x = r'\\\n\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    for escape in ["\\101", "\\x41", "\\u0041", "\\U00000041", "\\\\", "\\N{DASH}"] {
        check(format!("x = '{escape}\ndef a(): pass'\ndef b(): pass\n"), &["b"]);
    }
    check("x = r'\\a\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = f'{a}\ndef a(): pass'\ndef b(): pass\n", &["b"]);
    check("x = f'''{rf`\\`}'''\ndef b(): pass\n", &["b"]);
    check("x = '\\N{'\ndef a(): pass\n}'\ndef b(): pass\n", &["b"]);
}

#[test]
fn keeps_finding_names_in_broken_text() {
    check_broken("def a(): pass\nx = 'unfinished\ndef b(): pass\n", &["a", "b"]);
    check_broken("x = f'{unfinished\ndef b(): pass\n", &["b"]);
    check_broken("x = f'{unfinished'\ndef b(): pass\n", &["b"]);
    check_broken("x = (1, [2\ndef b(): pass\n", &["b"]);
    check_broken("class A:\n    def\n\n    def b(self):\n        pass\n", &["*A", "b"]);
    check_broken("class A(\n\ndef b():\n  return )\n", &["*A", "b"]);
    check_broken("'''\n' + unfinished\ndef a(): pass\n", &[]);
    check_broken("x = f\"\"\"{'a\n}\"\"\"\ndef b(): pass\n", &["b"]);
    check_broken("x = \0\ndef a(): pass\n", &["a"]);
    check_broken("def a: pass\ndef 1(): pass\ndef None(): pass\nclass\n", &[]);
    // The grammar allows no definition behind a colon or a semicolon, nor does Python.
    check_broken("if x: class A: pass\n", &[]);
    check_broken("x = 1; def a(): pass\n", &[]);
}

/// Each of these would take minutes if any part were read again for every other part.
#[test]
fn stays_linear() {
    let repeated = |part: &str| part.repeat(1 << 20);
    let texts = [
        repeated("("),
        repeated("f'{"),
        repeated("f'''{"),
        repeated("{x:"),
        format!("f'{}", repeated("{x:")),
        format!("f'{}", repeated("{x}")),
        format!("'{}\n", repeated("{x}")),
        format!("'{}\n", repeated("{}")),
        format!("r'{}\n", repeated("\\a")),
        format!("'{}", repeated("\\N{")),
        format!("'{}\0", repeated("\\N{")),
        format!("'{}", repeated("\\N{\0")),
        repeated("async "),
        repeated("async\n"),
        repeated("def\n"),
        repeated("def a\n"),
        repeated("def \\\n"),
        format!("f'{{{}", repeated("def a\n")),
        repeated("'\n"),
        repeated("' #\n"),
        repeated("\"'"),
        repeated("rb"),
        format!("{}'", repeated("rb")),
        repeated("rb'"),
        repeated("'''"),
        repeated("f'''{'\n"),
        repeated("\u{200b}"),
        repeated("\0"),
        repeated("\r"),
        repeated("\\"),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        python(text.as_bytes(), |_| {});
        let seconds = start.elapsed().as_secs_f64();
        assert!(seconds < 5.0, "{seconds} s for `{}` and so on", text.get(..12).unwrap_or_default());
    }
}
