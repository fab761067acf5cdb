use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const FILES: &[(&str, &str)] = &[
    (
        "shop/cart.py",
        "import os\nfrom shop.price import tax as vat, Price\n\nclass Cart:\n    \"\"\"Holds things.\"\"\"\n\n    def __init__(self):\n        self.items = []\n\n    @property\n    def total(self):\n        return vat(sum(self.items))\n\ndef main():\n    cart = Cart()\n    print(cart.total)\n    return vat(1)\n",
    ),
    (
        "shop/price.py",
        "def tax(amount):\n    return amount * 1.2\n\nclass Price:\n    def total(self):\n        return tax(2)\n",
    ),
    (
        "web/cart.ts",
        "export class Cart {\n  total(): number { return 1; }\n}\nexport const tax = (n: number) => n;\n",
    ),
];

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    let project = Project::new(FILES);
    project.indexed();
    wanted.assert_eq(&project.call("call_graph", arguments));
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
