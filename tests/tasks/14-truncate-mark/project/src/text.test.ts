import assert from "node:assert/strict";
import { test } from "node:test";
import { html } from "./mail.ts";
import { firstSentence, initials, truncate } from "./text.ts";

test("what is too long is cut", () => {
  assert.equal(truncate("short", 5), "short");
  assert.equal(truncate("too long", 5), "too…");
  assert.equal(truncate("anything", 0), "");
});

test("sentences and initials", () => {
  assert.equal(firstSentence("One. Two."), "One.");
  assert.equal(initials("ada  king lovelace"), "AKL");
});

test("a message in a list", () => {
  const message = { from: "Ann", subject: "a < b", body: "Yes. No." };
  assert.equal(html(message), "<li><b>a &lt; b</b> Yes.</li>");
});
