// What cannot be read is an error that says where; what can be read is read as before.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { ConfigError, formatConfig, parseConfig } from "./src/config.ts";
import { main } from "./src/main.ts";

assert.ok(ConfigError.prototype instanceof Error);
const wrong = [
  ["a = 1\nnonsense\n", 2],
  ["= value", 1],
  ["a = 1\n\n# more\n  = 2", 4],
  ["a = 1\nb = 2\na = 3", 3],
  ["a = 1\na = 1", 2],
];
for (const [text, line] of wrong) {
  assert.throws(
    () => parseConfig(text),
    (error) => error instanceof ConfigError && error.line === line && error.message !== "",
    JSON.stringify(text),
  );
}
const config = parseConfig("# server\n\n  # indented\nport = 80 # the usual\nempty =\nb = 1 = one\n");
assert.deepEqual([...config], [["port", "80"], ["empty", ""], ["b", "1 = one"]]);
assert.equal(formatConfig(config), "b = 1 = one\nempty = \nport = 80\n");

function run(text) {
  writeFileSync("some.conf", text);
  const written = { out: "", err: "" };
  const code = main(["some.conf"], {
    out: (piece) => (written.out += piece),
    err: (piece) => (written.err += piece),
  });
  return { code, ...written };
}
assert.deepEqual(run("b = 2\na = 1\n"), { code: 0, out: "a = 1\nb = 2\n", err: "" });
const failed = run("a = 1\nnonsense\n");
assert.equal(failed.code, 1);
assert.equal(failed.out, "");
assert.throws(() => parseConfig("a = 1\nnonsense\n"), (error) => failed.err.includes(error.message));
