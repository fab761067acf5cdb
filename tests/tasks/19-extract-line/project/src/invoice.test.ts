import assert from "node:assert/strict";
import { test } from "node:test";
import { type Invoice, render, total } from "./invoice.ts";
import { cents, parseCents } from "./money.ts";

const INVOICE: Invoice = {
  customer: "Ann",
  lines: [
    { text: "pen", price: 100, count: 3 },
    { text: "book", price: 1999, count: 1, discount: 10 },
  ],
  tax: 19,
};

test("the total has discounts and tax", () => {
  assert.equal(total(INVOICE), 2498);
});

test("the total stands at the end", () => {
  const rows = render(INVOICE).split("\n");
  assert.equal(rows[3], "1 x book".padEnd(30) + "     17.99");
  assert.equal(rows.at(-1), "Total".padEnd(30) + "     24.98");
});

test("cents", () => {
  assert.equal(cents(-5), "-0.05");
  assert.equal(parseCents("12.34"), 1234);
});
