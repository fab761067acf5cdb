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
    wanted.assert_eq(&project.call("repo_map", arguments));
}

#[test]
fn the_map_follows_the_focus_and_the_budget() {
    check(
        json!({}),
        expect![[r#"
        shop/price.py:
          def tax(amount)
          class Price
        web/cart.ts:
          export const tax = (n: number) => n
    "#]],
    );
    check(
        json!({ "focus": ["shop/price.py"], "budget": 100 }),
        expect![[r#"
        shop/cart.py:
            def total(self)
        shop/price.py:
          def tax(amount)
          class Price
            def total(self)
        web/cart.ts:
            total(): number
          export const tax = (n: number) => n
    "#]],
    );
    check(
        json!({ "focus": ["nowhere"] }),
        expect![
            "error: `focus`: `nowhere` is no source file, folder or symbol; look for it with find_symbol or find_files"
        ],
    );
}
