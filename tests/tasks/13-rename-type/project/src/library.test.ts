import assert from "node:assert/strict";
import { test } from "node:test";
import { findItem, Library, search } from "./library.ts";
import { available, overdue } from "./loans.ts";
import { list, reminder } from "./print.ts";
import type { Item } from "./types.ts";

const EMMA: Item = { isbn: "978-0", title: "Emma", authors: ["Jane Austen"], year: 1815 };
const DUNE: Item = { isbn: "978-1", title: "Dune", authors: ["Frank Herbert"], year: 1965 };
const library = new Library([EMMA, DUNE]);

test("books are found by ISBN and by words", () => {
  assert.equal(findItem(library.all(), "9780"), EMMA);
  assert.ok(library.has("978-1"));
  assert.deepEqual(search(library, "authors", "herbert"), [DUNE]);
});

test("loans", () => {
  const loans = [{ isbn: "978-0", reader: "Ann", due: "2026-01-31" }];
  assert.deepEqual(available(library, loans), [DUNE]);
  const [late] = overdue(library, loans, "2026-02-01");
  assert.ok(late);
  assert.equal(reminder(late), "Dear Ann, please bring back Emma, by Jane Austen (1815).");
  assert.equal(list([]), "nothing found");
});
