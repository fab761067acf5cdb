import assert from "node:assert/strict";
import { test } from "node:test";
import { JobQueue } from "./job_queue.js";
import { thumbnails } from "./thumbnails.js";

test("as many run as may", async () => {
  const queue = new JobQueue(2);
  const finish = [];
  const jobs = [1, 2, 3].map((n) => queue.add(() => new Promise((resolve) => finish.push(() => resolve(n)))));
  assert.deepEqual([queue.running, queue.waiting], [2, 1]);
  finish[0]();
  assert.equal(await jobs[0], 1);
  finish[1]();
  await jobs[1];
  finish[2]();
  assert.deepEqual(await Promise.all(jobs), [1, 2, 3]);
});

test("what waits can be dropped", async () => {
  const queue = new JobQueue();
  const first = queue.add(() => "first");
  const second = queue.add(() => "second");
  queue.clear();
  assert.equal(await first, "first");
  await assert.rejects(second, /dropped/);
});

test("thumbnails", async () => {
  const shrink = async (file) => (file === "bad" ? Promise.reject(new Error("broken")) : `small ${file}`);
  assert.deepEqual(await thumbnails(["a", "bad"], shrink), { done: ["small a"], failed: ["bad"] });
});
