use super::*;
use proptest::prelude::*;
use tempfile::TempDir;

struct Place {
    _folder: TempDir,
    memory: Memory,
}

fn here() -> Place {
    let folder = TempDir::new().unwrap();
    let memory = Memory::open(folder.path()).unwrap();
    Place { _folder: folder, memory }
}

fn shop() -> &'static Path {
    Path::new("/home/ada/shop")
}

fn texts(memory: &Memory, request: &str) -> Vec<String> {
    memory.found(shop(), request, 9).unwrap().into_iter().map(|fact| fact.text).collect()
}

#[test]
fn facts_are_kept_by_project() {
    let here = here();
    let memory = &here.memory;
    let first = memory.remember(shop(), "  tests run with `make check`\n").unwrap();
    let second = memory.remember(shop(), "prices are in cents").unwrap();
    let other = memory.remember(Path::new("/home/ada/other"), "prices are in cents").unwrap();
    assert_eq!(memory.remember(shop(), "prices are in cents").unwrap(), second, "it is known already");
    let list = || -> Vec<(i64, String)> {
        memory.list(shop()).unwrap().into_iter().map(|fact| (fact.id, fact.text)).collect()
    };
    assert_eq!(
        list(),
        [(first, "tests run with `make check`".to_owned()), (second, "prices are in cents".to_owned())]
    );
    memory.edit(shop(), second, "prices are in euros").unwrap();
    memory.edit(shop(), second, "prices are in euros").unwrap();
    assert_eq!(texts(memory, "cents"), Vec::<String>::new());
    assert_eq!(texts(memory, "euros"), ["prices are in euros"]);
    let known = memory.edit(shop(), first, "prices are in euros").unwrap_err().to_string();
    assert_eq!(known, format!("fact {second} says the same already"));
    memory.forget(shop(), first).unwrap();
    assert_eq!(list(), [(second, "prices are in euros".to_owned())]);
    assert_eq!(texts(memory, "make check"), Vec::<String>::new());
    for error in [memory.forget(shop(), other), memory.edit(shop(), other, "x"), memory.forget(shop(), first)]
    {
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("of this project; `devtoolkit-agent memory list` shows all"), "{error}");
    }
}

#[test]
fn facts_are_short_and_not_too_many() {
    let here = here();
    let memory = &here.memory;
    assert!(matches!(memory.remember(shop(), " \n"), Err(MemoryError::Empty)));
    assert!(matches!(memory.remember(shop(), &"é".repeat(2_001)), Err(MemoryError::TooLong(2_001))));
    memory.remember(shop(), &"é".repeat(2_000)).unwrap();
    for number in 1..MOST_FACTS {
        memory.remember(shop(), &format!("fact {number}")).unwrap();
    }
    assert!(matches!(memory.remember(shop(), "one more"), Err(MemoryError::Full)));
    memory.remember(shop(), "fact 1").unwrap();
    memory.remember(Path::new("/else"), "one more").unwrap();
}

#[test]
fn what_tells_more_is_found_first() {
    let here = here();
    let memory = &here.memory;
    for text in [
        "the shop has a cart",
        "test data lies in fixtures/",
        "run_tests.sh starts the tests of the cart",
        "the café is closed",
        "the style is black",
    ] {
        memory.remember(shop(), text).unwrap();
    }
    memory.remember(Path::new("/else"), "tests of the cart").unwrap();
    assert_eq!(
        texts(memory, "Please fix the testing of the CART!")[0],
        "run_tests.sh starts the tests of the cart",
        "it has both words"
    );
    assert_eq!(texts(memory, "the cart").len(), 2, "`the` finds nothing");
    assert_eq!(texts(memory, "Cafe"), ["the café is closed"]);
    assert_eq!(memory.found(shop(), "test cart style", 2).unwrap().len(), 2);
    assert_eq!(texts(memory, "the of \" * ("), Vec::<String>::new());
    // Words that are operators are words.
    for text in ["cart NOT shop", "NEAR(cart shop)", "text:cart", "cart* AND \"", "^cart", "-cart", "cart\0"]
    {
        assert!(texts(memory, text).contains(&"the shop has a cart".to_owned()), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_has_an_answer(request in "(\\PC|[\"*()^:+\0\n-]|NEAR|AND|cart){0,80}") {
        let here = here();
        here.memory.remember(shop(), "the shop has a cart").unwrap();
        let found = here.memory.found(shop(), &request, 9);
        prop_assert!(found.is_ok(), "{found:?}");
    }
}
