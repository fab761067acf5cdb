// The new names are everywhere, the old ones nowhere, and everything still works.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const files = readdirSync("src").filter((name) => name.endsWith(".ts"));
const texts = new Map(files.map((name) => [name, readFileSync(`src/${name}`, "utf8")]));
assert.deepEqual(files.sort(), ["library.test.ts", "library.ts", "loans.ts", "print.ts", "types.ts"]);

for (const [name, text] of texts) {
  assert.doesNotMatch(text, /\b(Item|findItem)\b/, `${name} has an old name`);
}
const uses = { "library.test.ts": 3, "library.ts": 7, "loans.ts": 4, "print.ts": 3, "types.ts": 1 };
for (const [name, count] of Object.entries(uses)) {
  assert.ok(texts.get(name).match(/\bBook\b/g)?.length >= count, `${name} lacks the new name`);
}
assert.match(texts.get("types.ts"), /export interface Book \{/);
// Types are gone when it runs, so that their imports are compared as text.
for (const name of ["library.ts", "loans.ts", "print.ts", "library.test.ts"]) {
  assert.match(texts.get(name), /import type \{[^}]*\bBook\b[^}]*\} from "\.\/types\.ts"/, name);
}

const { findBook, Library, search } = await import("./src/library.ts");
const { available, overdue } = await import("./src/loans.ts");
const { list, reminder } = await import("./src/print.ts");
const emma = { isbn: "978-0", title: "Emma", authors: ["Jane Austen"], year: 1815 };
const dune = { isbn: "978-1", title: "Dune", authors: [], year: 1965 };
const library = new Library([emma, dune]);
const loans = [{ isbn: "978-0", reader: "Ann", due: "2026-01-31" }];
assert.equal(findBook(library.all(), "9780"), emma);
assert.ok(library.has("9781"));
assert.deepEqual(search(library, "title", "dun"), [dune]);
assert.deepEqual(available(library, loans), [dune]);
assert.match(reminder(overdue(library, loans, "2026-02-01")[0]), /^Dear Ann, .* Emma, by Jane Austen \(1815\)\.$/);
assert.equal(list([dune]), "Dune (1965)");
await import("./src/library.test.ts");
