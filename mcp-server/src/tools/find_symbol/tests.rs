use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("find_symbol", arguments, &wanted);
}

#[test]
fn names_are_found_by_their_parts_with_source_on_request() {
    check(
        json!({ "query": "tax" }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
        web/cart.ts:4 function tax  export const tax = (n: number) => n
    "#]],
    );
    check(
        json!({ "query": "Cart", "kind": "class", "path": "shop" }),
        expect![[r#"
        shop/cart.py:4 class Cart  class Cart
    "#]],
    );
    check(
        json!({ "query": "Cart.total", "body": true }),
        expect![[r#"
        shop/cart.py:11 method Cart.total  def total(self)
            10	    @property
            11	    def total(self):
            12	        return vat(sum(self.items))
        web/cart.ts:2 method Cart.total  total(): number
             2	  total(): number { return 1; }
    "#]],
    );
}

#[test]
fn what_is_not_there_says_what_to_do() {
    check(
        json!({ "query": "nothing_like_this" }),
        expect![[r#"
        no symbol like `nothing_like_this`; search_text finds text
    "#]],
    );
    check(json!({ "query": " " }), expect!["error: `query` is empty; give a name or a part of one"]);
    check(
        json!({ "query": "a", "kind": "gadget" }),
        expect![
            "error: `kind` `gadget` is none of module, namespace, class, method, property, field, constructor, enum, interface, function, variable, constant, enum-member, struct, type-parameter"
        ],
    );
}

#[test]
fn pages_have_an_end() {
    let text: String = (0..120).map(|n| format!("def thing_{n:03}(): pass\n")).collect();
    let project = Project::new(&[("a.py", &text)]);
    project.indexed();
    let first = project.call("find_symbol", json!({ "query": "thing" }));
    assert!(first.contains("more; ask with offset 51)"), "{first}");
    let last = project.call("find_symbol", json!({ "query": "thing", "offset": 101 }));
    assert_eq!(last.lines().count(), 20, "{last}");
}
