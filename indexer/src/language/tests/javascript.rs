//! JavaScript.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"#!/usr/bin/env node
"use strict";
const fs = require("fs");
import main, { run as start } from "./main.js";

// Counts.
let count = 0;
var legacy = function named(x) { return named(x - 1); };

export class Queue extends Base {
  static limit = 5;
  #items = [];
  constructor(size) { super(); this.size = size; this.done = false; }
  /** Adds one. */
  push(item) { this.#items.push(item); if (this.size) this.late = 1; return this; }
  get first() { return this.#items[0]; }
  static async *walk() { yield* start(); }
}

function* generate(a, { b, c: renamed = 2 }, ...rest) {
  label: for (let i = 0; i < rest.length; i++) { if (i) continue label; }
  const table = { key: a, b, method() { return this.key; }, ["computed" + a]: renamed };
  const twice = (x) => x * 2, thrice = x => { let y = x; return y * 3; };
  return table.method().then(twice, thrice);
}

exports.main = async () => { await fs.promises.readFile(`${main}/x`); };
export { generate as default, count };
Queue.prototype.extra = function () {};
"#;

#[test]
fn outline() {
    check(
        Language::JavaScript,
        SNIPPET,
        &expect![[r#"
        variable fs 3 | const fs = require("fs")
        variable count 7 | let count = 0 | // Counts.
        function legacy 8 | var legacy = function named(x)
        class Queue 10-18 pub | export class Queue extends Base
          field Queue.limit 11 pub | static limit = 5
          field Queue.#items 12 | #items = []
          constructor Queue.constructor 13 pub | constructor(size)
          field Queue.size 13 | this.size = size
          field Queue.done 13 | this.done = false
          method Queue.push 15 pub | push(item) | /** Adds one. */
          field Queue.late 15 | this.late = 1
          method Queue.first 16 pub | get first()
          method Queue.walk 17 pub | static async *walk()
        function generate 20-25 | function* generate(a, { b, c: renamed = 2 }, ...rest)
          method generate.method 22 | method()
          function generate.twice 23 | twice = (x) =>
          function generate.thrice 23 | thrice = x =>
        locals: named@8 (x@8 (size@13 (item@15 (a@20 (b@20 (renamed@20 (rest@20 i@21 table@22 (x@23 x@23 y@23
        import Default ./main.js default as main
        import Name ./main.js run as start
        import Export - generate as default
        import Export - count as count
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::JavaScript,
        SNIPPET,
        &expect![[r#"
        3: 12 require call;
        4: 8 main import; 16 .run import; 23 start import;
        8: 41 named call; 47 x read;
        10: 28 Base type;
        13: 44 size read;
        15: 21 this.#items read; 28 #items.push call; 33 item read; 49 this.size read;
        16: 29 this.#items read;
        17: 33 start call;
        20: 28 .c write;
        21: 26 i read; 30 rest read; 35 rest.length read; 43 i write; 54 i read;
        22: 19 .key write; 24 a read; 27 b read; 53 this.key read; 75 a read; 79 renamed read;
        23: 24 x read; 55 x read; 65 y read;
        24: 10 table read; 16 table.method call; 25 method().then call; 30 twice read; 37 thrice read;
        27: 1 exports read; 9 exports.main write; 36 fs read; 39 fs.promises read; 48 promises.readFile call; 60 main read;
        28: 10 generate read; 31 count read;
        29: 1 Queue read; 7 Queue.prototype read; 17 prototype.extra write;
    "#]],
    );
}
