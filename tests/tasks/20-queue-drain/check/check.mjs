// `drain` waits for what runs and what waits, for failures too, and for nothing else.
import assert from "node:assert/strict";
import { JobQueue } from "./src/job_queue.js";

/** Lets every promise that can be kept be kept. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function watch(promise) {
  const watched = { over: false };
  promise.then(() => (watched.over = true));
  return watched;
}

const queue = new JobQueue(2);
assert.ok(queue.drain() instanceof Promise);
const empty = watch(queue.drain());
await settle();
assert.ok(empty.over, "an empty queue is drained at once");

const finish = [];
const jobs = [1, 2, 3].map(() => queue.add(() => new Promise((resolve, reject) => finish.push({ resolve, reject }))));
const [one, two] = [watch(queue.drain()), watch(queue.drain())];
finish[0].resolve("a");
await settle();
assert.deepEqual([queue.running, queue.waiting], [2, 0]);
assert.ok(!one.over && !two.over, "jobs still run");
finish[1].reject(new Error("no"));
await assert.rejects(jobs[1], /no/);
await settle();
assert.ok(!one.over, "a job still runs");
finish[2].resolve("c");
await settle();
assert.ok(one.over && two.over, "everyone who waits is told");
assert.deepEqual([await jobs[0], await jobs[2], queue.running], ["a", "c", 0]);

// A second round, with jobs that are dropped.
let release;
const held = new JobQueue();
const first = held.add(() => new Promise((resolve) => (release = resolve)));
const dropped = held.add(() => "never");
const third = watch(held.drain());
held.clear();
await assert.rejects(dropped, /dropped/);
assert.ok(!third.over);
release("done");
assert.equal(await first, "done");
await settle();
assert.ok(third.over, "what was dropped is not waited for");
