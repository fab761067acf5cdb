// Listeners may come and go while others are called.
import assert from "node:assert/strict";
import { Emitter } from "./src/emitter.js";
import { Store } from "./src/store.js";

const emitter = new Emitter();
let heard = [];
emitter.once("a", () => heard.push("once"));
emitter.on("a", () => heard.push("always"));
assert.equal(emitter.emit("a"), 2);
assert.deepEqual(heard, ["once", "always"]);
assert.equal(emitter.emit("a"), 1);
assert.equal(emitter.count("a"), 1);

// Who comes while others are called is called from the next time on.
heard = [];
const stop = emitter.on("b", () => {
  heard.push("old");
  if (emitter.count("b") < 3) emitter.on("b", () => heard.push("new"));
});
assert.equal(emitter.emit("b"), 1);
assert.deepEqual(heard, ["old"]);
assert.equal(emitter.emit("b"), 2);
assert.deepEqual(heard, ["old", "old", "new"]);
stop();
assert.equal(emitter.count("b"), 2);
assert.equal(emitter.emit("nobody"), 0);

const store = new Store();
const [one, two] = [store.next("a"), store.next("a")];
assert.equal(store.set("a", 7), true);
assert.equal(store.set("a", 7), false);
assert.deepEqual(await Promise.all([one, two]), [7, 7]);
