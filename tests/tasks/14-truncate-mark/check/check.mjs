// The mark can be chosen, counts for the length, and is as before where it is not.
import assert from "node:assert/strict";
import { html, plain } from "./src/mail.ts";
import { firstSentence, truncate } from "./src/text.ts";

assert.equal(truncate("short", 5), "short");
assert.equal(truncate("too long", 5), "too…");
assert.equal(truncate("anything", 0), "");
assert.equal(truncate("anything", 6, "..."), "any...");
assert.equal(truncate("too long a text", 7, "..."), "too...");
assert.equal(truncate("anything", 8, "..."), "anything");
assert.equal(truncate("anything", 5, ""), "anyth");
assert.equal(truncate("smile 😀😀😀", 8, "…"), "smile 😀…");

const message = { from: "Ann", subject: "s".repeat(50), body: "b".repeat(70) };
assert.equal(plain(message), `Ann: ${"s".repeat(37)}...\n    ${"b".repeat(57)}...`);
assert.equal(html(message), `<li><b>${"s".repeat(39)}…</b> ${"b".repeat(59)}…</li>`);
assert.equal(firstSentence("One. Two."), "One.");
