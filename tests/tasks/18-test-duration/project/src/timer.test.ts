import assert from "node:assert/strict";
import { test } from "node:test";
import { left, parseTimer } from "./timer.ts";

test("a timer ends", () => {
  const timer = parseTimer("tea 3m", 1000);
  assert.equal(left(timer, 1000), "tea: 3m left");
  assert.equal(left(timer, 181_000), "tea is over");
});

test("a timer needs a name", () => {
  assert.throws(() => parseTimer("3m", 0), RangeError);
});
