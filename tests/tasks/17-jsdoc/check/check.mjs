// `debounce` is explained where editors look for it, and but for comments the file is what it was.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { searchBox } from "./src/search_box.js";

const now = readFileSync("src/timing.js", "utf8");
const before = readFileSync("timing.js.before", "utf8");
const bare = (text) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").trim();
assert.equal(bare(now), bare(before));

const blocks = (text) => text.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
assert.equal(blocks(now).length, blocks(before).length + 1);
for (const block of blocks(before)) assert.ok(now.includes(block), `changed: ${block}`);

const [, block] = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*export function debounce\(/.exec(now) ?? [];
assert.ok(block, "no comment stands before `debounce`");
for (const name of ["action", "milliseconds", "clock"]) {
  assert.match(block, new RegExp(`@param\\s+(\\{.*\\}\\s+)?\\[?${name}\\b`), name);
}
assert.match(block, /@returns?\b/);
const description = block.slice(3).split("@")[0].replace(/[\s*]+/g, " ").trim();
assert.ok(description.split(" ").length >= 5, `too short: ${description}`);

const timers = new Map();
let made = 0;
const clock = { start: (action) => (timers.set(++made, action), made), stop: (timer) => timers.delete(timer) };
const searched = [];
const box = searchBox((text) => searched.push(text), clock);
box.type("a");
box.type("ab ");
for (const action of timers.values()) action();
assert.deepEqual(searched, ["ab"]);
