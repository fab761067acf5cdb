// The new tests pass on the code as it is, and each fault that we plant in it fails at least one of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const source = readFileSync("src/duration.ts", "utf8");
const tests = readFileSync("src/duration.test.ts", "utf8");
assert.match(tests, /from ["']node:test["']/, "the tests do not use node:test");

const faults = [
  ["none", "", ""],
  ["ms", "ms: 1,", "ms: 2,"],
  ["s", "s: 1000,", "s: 100,"],
  ["m", "m: 60_000", "m: 6_000"],
  ["h", "h: 3_600_000", "h: 360_000"],
  ["d", "d: 86_400_000", "d: 8_640_000"],
  ["combinations", "total += ", "total = "],
  ["fractions", "Number(found[1])", "parseInt(found[1]!)"],
  ["what is refused", "throw new RangeError(`\\`${text}\\` is no duration`);", "return NaN;"],
];

/** Whether their tests pass over this text of duration.ts. */
function passes(name, text) {
  const folder = `planted/${name.replaceAll(" ", "-")}/src`;
  mkdirSync(folder, { recursive: true });
  cpSync("package.json", `${folder}/../package.json`);
  writeFileSync(`${folder}/duration.ts`, text);
  writeFileSync(`${folder}/duration.test.ts`, tests);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${folder}/duration.test.ts`], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (piece) => (output += piece));
    child.on("error", reject);
    child.on("close", (code) => resolve({ passed: code === 0, output }));
  });
}

// All at once: it is the start of each process that takes time.
const results = await Promise.all(
  faults.map(([name, old, replacement]) => {
    assert.ok(source.split(old).length === 2 || old === "", name);
    return passes(name, source.replace(old, () => replacement));
  }),
);
assert.ok(results[0].passed, `the tests fail on the code as it is:\n${results[0].output.slice(0, 2000)}`);
assert.match(results[0].output, /^(# |ℹ )pass [1-9]/m, "there is no test");
for (const [at, [name]] of faults.entries()) {
  if (at > 0) assert.ok(!results[at].passed, `no test covers ${name}`);
}
