import assert from "node:assert/strict";
import { test } from "node:test";
import { formatConfig, numberOf, parseConfig } from "./config.ts";

test("keys and values", () => {
  const config = parseConfig("# server\nport = 80 # the usual\n\nhost=localhost\nempty =\n");
  assert.deepEqual([...config], [["port", "80"], ["host", "localhost"], ["empty", ""]]);
  assert.equal(numberOf(config, "port", 1), 80);
  assert.equal(numberOf(config, "host", 1), 1);
});

test("there and back", () => {
  assert.equal(formatConfig(parseConfig("b = 2\na = 1 = one")), "a = 1 = one\nb = 2\n");
});
