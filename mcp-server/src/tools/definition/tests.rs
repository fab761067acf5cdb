use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("definition", arguments, &wanted);
}

#[test]
fn a_name_or_a_place_leads_to_its_definition() {
    check(
        json!({ "symbol": "12:16", "path": "shop/cart.py" }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
    "#]],
    );
    check(
        json!({ "symbol": "vat", "path": "shop/cart.py:12", "body": true }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
             1	def tax(amount):
             2	    return amount * 1.2
    "#]],
    );
    check(
        json!({ "symbol": "shop/cart.py:15:12" }),
        expect![[r#"
        shop/cart.py:4 class Cart  class Cart
    "#]],
    );
    check(
        json!({ "symbol": "Cart" }),
        expect![[r#"
        shop/cart.py:4 class Cart  class Cart
        web/cart.ts:1 class Cart  export class Cart
    "#]],
    );
    check(
        json!({ "symbol": "2:9", "path": "shop/cart.py" }),
        expect![
            "error: no name with a known definition stands at `2:9` in `shop/cart.py`; give a name, or LINE:COLUMN of one"
        ],
    );
}

#[test]
fn a_place_with_nothing_says_so() {
    check(
        json!({ "symbol": "3:1", "path": "shop/cart.py" }),
        expect![
            "error: no name with a known definition stands at `3:1` in `shop/cart.py`; give a name, or LINE:COLUMN of one"
        ],
    );
    check(
        json!({ "symbol": "99:1", "path": "shop/cart.py" }),
        expect!["error: `shop/cart.py` has 17 lines, so none at 99"],
    );
    check(json!({ "symbol": "Cartt" }), expect!["error: no symbol `Cartt`; nearest: `Cart`"]);
}
