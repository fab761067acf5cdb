use crate::tools::fixture::{Project, SHOP};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("references", arguments, &wanted);
}

#[test]
fn uses_are_grouped_by_file_and_resolved_ones_come_first() {
    check(
        json!({ "symbol": "tax", "path": "shop/price.py" }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
        5 uses, 0 of them by name only
        shop/cart.py
          2 import: from shop.price import tax as vat, Price
          12 call: return vat(sum(self.items))
          17 call: return vat(1)
        shop/price.py
          6 call: return tax(2)
    "#]],
    );
    check(
        json!({ "symbol": "Cart.total", "path": "shop/cart.py" }),
        expect![[r#"
        shop/cart.py:11 method Cart.total  def total(self)
        1 use, 0 of them by name only
        shop/cart.py
          16 read: print(cart.total)
    "#]],
    );
    check(
        json!({ "symbol": "vat", "path": "shop/cart.py:17" }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
        5 uses, 0 of them by name only
        shop/cart.py
          2 import: from shop.price import tax as vat, Price
          12 call: return vat(sum(self.items))
          17 call: return vat(1)
        shop/price.py
          6 call: return tax(2)
    "#]],
    );
}

#[test]
fn names_that_nothing_defines_are_found_by_name() {
    check(
        json!({ "symbol": "print" }),
        expect![[r#"
        `print` is defined nowhere here; 1 use by name only
        shop/cart.py
          16 call: print(cart.total)
    "#]],
    );
}

#[test]
fn an_unclear_name_lists_what_it_may_mean() {
    check(
        json!({ "symbol": "total" }),
        expect![[r#"
        error: `total` means 3 symbols; give `path` (and :LINE):
        shop/cart.py:11 method Cart.total  def total(self)
        shop/price.py:5 method Price.total  def total(self)
        web/cart.ts:2 method Cart.total  total(): number"#]],
    );
    check(
        json!({ "symbol": "taxx", "path": "shop/price.py" }),
        expect!["error: no symbol `taxx` in `shop/price.py`; nearest: `tax`"],
    );
    check(
        json!({ "symbol": "" }),
        expect!["error: `symbol` is empty; give a name, or LINE:COLUMN with a `path`"],
    );
    check(
        json!({ "symbol": "tax", "path": "shop/price.py:99" }),
        expect!["error: `shop/price.py` has 6 lines, so none at 99"],
    );
}

#[test]
fn staged_uses_are_seen() {
    let project = Project::new(SHOP);
    project.indexed();
    project
        .call("write_file", json!({ "path": "new.py", "content": "from shop.price import tax\ntax(5)\n" }));
    let text = project.call("references", json!({ "symbol": "tax", "path": "shop/price.py" }));
    assert!(text.contains("new.py\n"), "{text}");
}
