import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "./emitter.js";
import { Store } from "./store.js";

test("listeners are called in order", () => {
  const emitter = new Emitter();
  const heard = [];
  emitter.on("a", (value) => heard.push(`first ${value}`));
  emitter.on("a", (value) => heard.push(`second ${value}`));
  assert.equal(emitter.emit("a", 1), 2);
  assert.deepEqual(heard, ["first 1", "second 1"]);
});

test("one who stops does not silence the next", () => {
  const emitter = new Emitter();
  const heard = [];
  emitter.once("a", () => heard.push("once"));
  emitter.on("a", () => heard.push("always"));
  assert.equal(emitter.emit("a"), 2);
  assert.deepEqual(heard, ["once", "always"]);
  assert.equal(emitter.emit("a"), 1);
});

test("a store tells changes", async () => {
  const store = new Store();
  const next = store.next("b");
  store.set("a", 1);
  store.set("b", 2);
  assert.equal(await next, 2);
});
