use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("call_graph", arguments, &wanted);
}

#[test]
fn callers_and_callees_come_by_steps() {
    check(
        json!({ "symbol": "tax", "path": "shop/price.py", "depth": 2 }),
        expect![[r#"
        shop/price.py:1 function tax  def tax(amount)
        3 callers
        1 step
          shop/cart.py:11 method Cart.total  called at 12
          shop/cart.py:14 function main  called at 17
          shop/price.py:5 method Price.total  called at 6
    "#]],
    );
    check(
        json!({ "symbol": "main", "callees": true }),
        expect![[r#"
        shop/cart.py:14 function main  def main()
        2 callees
        1 step
          shop/cart.py:4 class Cart  called at 15
          shop/price.py:1 function tax  called at shop/cart.py:17
    "#]],
    );
    check(
        json!({ "symbol": "missing" }),
        expect!["error: no symbol `missing`; find_symbol searches by parts of names"],
    );
}
