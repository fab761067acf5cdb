// The sum is written once, exported, used twice, and gives what it gave.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as invoices from "./src/invoice.ts";

const { lineTotal, render, total } = invoices;
assert.equal(typeof lineTotal, "function");
assert.equal(lineTotal({ text: "pen", price: 100, count: 3 }), 300);
assert.equal(lineTotal({ text: "book", price: 1999, count: 1, discount: 10 }), 1799);
assert.equal(lineTotal({ text: "gift", price: 500, count: 2, discount: 100 }), 0);

const text = readFileSync("src/invoice.ts", "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
assert.equal(text.match(/\.discount\b/g)?.length, 1, "a discount is worked out once");
assert.ok(text.match(/\blineTotal\b/g).length >= 3, "both use it");

const invoice = {
  customer: "Ann",
  lines: [
    { text: "pen", price: 100, count: 3 },
    { text: "book", price: 1999, count: 1, discount: 10 },
  ],
  tax: 19,
};
assert.equal(total(invoice), 2498);
const rows = ["Invoice for Ann", "", "3 x pen", "1 x book", "", "Total"];
const sums = ["", "", "3.00", "17.99", "", "24.98"];
const expected = rows.map((row, at) => (sums[at] === "" ? row : row.padEnd(30) + sums[at].padStart(10)));
assert.equal(render(invoice), expected.join("\n"));
assert.equal(total({ ...invoice, lines: [] }), 0);
