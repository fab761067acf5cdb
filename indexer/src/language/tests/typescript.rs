//! TypeScript and TSX.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"
import fs, { readFile as read, type Stats } from "node:fs";
import * as path from "path";
import "./polyfill";
import old = require("old");
export { read as load, path };
export * from "./all";
export * as names from "./names";
export { default as Thing } from "./thing";

/** How many. */
export const LIMIT = 10, other = [1];
let counter: number | undefined;

/**
 * A store of items.
 */
@injectable()
export default class Store<T extends Item = Item> extends Base<T> implements Closable, Other {
  static #count = 0;
  readonly items: Map<string, T> = new Map();
  handler = (event: Event) => event.target;

  constructor(private readonly path: string, public size?: number) {
    super(path);
    this.size = Store.#count++;
  }

  get length(): number { return this.items.size; }
  async load<K extends keyof T>(key: K, { deep, ...rest }: Options = {}): Promise<T[K]> {
    for (const [name, value] of Object.entries(rest)) { counter = value as number; }
    try { await read(key!); } catch (error) { var hoisted = error; }
    return this.items.get(key)?.[deep] ?? other;
  }
  abstract missing(): void;
}

export interface Shape { kind: "round"; area(): number; (x: number): Shape; readonly [key: string]: any }
export type Pair<A> = { left: A; right?: Shape } | null;
export const enum Color { Red, Green = 2, "blue" }
declare function external(a: string): void;
export namespace Deep.Inner { export function go() {} const hidden = 1; }
export const arrow = async (x: number): Promise<void> => { const nested = () => x; nested(); };
function overload(a: string): string;
function overload(a: any) { return typeof a; }
const { a, b: { c = 1 } } = config;
declare module "ambient" { const inside: Pair<typeof LIMIT>; }
"#;

pub(super) const TSX: &str = r#"
import React, { useState } from "react";

interface Props { title: string; onPick?: (id: number) => void }

/** A card. */
export function Card({ title, onPick }: Props) {
  const [open, setOpen] = useState<boolean>(false);
  const pick = () => onPick?.(1);
  return (
    <Panel.Body title={title} open={open} {...rest}>
      <Button onClick={() => { setOpen(!open); pick(); }} disabled />
      <div className="x">{title}</div>
    </Panel.Body>
  );
}

export const Memo = React.memo(Card);
export default function () { return <></>; }
"#;

#[test]
fn outline() {
    check(
        Language::TypeScript,
        SNIPPET,
        &expect![[r#"
        constant LIMIT 12 pub | export const LIMIT = 10 | /** How many. */
        variable other 12 pub | other = [1]
        variable counter 13 | let counter: number | undefined
        class Store 18-36 pub default | @injectable() export default class Store<T extends Item = Item> extends Base<T> implements Closable, Other | * A store of items.
          field Store.#count 20 | static #count = 0
          field Store.items 21 pub | readonly items: Map<string, T> = new Map()
          method Store.handler 22 pub | handler = (event: Event) =>
          constructor Store.constructor 24-27 pub | constructor(private readonly path: string, public size?: number)
          field Store.path 24 pub | path
          field Store.size 24 pub | size
          method Store.length 29 pub | get length(): number
          method Store.load 30-34 pub | async load<K extends keyof T>(key: K, { deep, ...rest }: Options = {}): Promise<T[K]>
          method Store.missing 35 pub | abstract missing(): void
        interface Shape 38 pub | export interface Shape
          property Shape.kind 38 pub | kind: "round"
          method Shape.area 38 pub | area(): number
        interface Pair 39 pub | export type Pair<A> = { left: A; right?: Shape } | null;
          property Pair.left 39 pub | left: A
          property Pair.right 39 pub | right?: Shape
        enum Color 40 pub | export const enum Color
          enum-member Color.Red 40 pub | Red
          enum-member Color.Green 40 pub | Green = 2
          enum-member Color.blue 40 pub | blue
        function external 41 | declare function external(a: string): void;
        namespace Inner 42 pub | export namespace Deep.Inner
          function Inner.go 42 pub | export function go()
          variable Inner.hidden 42 | const hidden = 1
        function arrow 43 pub | export const arrow = async (x: number): Promise<void> =>
          function arrow.nested 43 | nested = () => x
        function overload 44 | function overload(a: string): string;
        function overload 45 | function overload(a: any)
        variable a 46 | const { a, b: { c = 1 } } = config
        variable c 46 | { a, b: { c = 1 } } = config
        namespace ambient 47 | declare module "ambient"
          variable ambient.inside 47 | const inside: Pair<typeof LIMIT>
        locals: T@19 (event@22 (path@24 (size@24 K@30 (key@30 (deep@30 (rest@30 name@31 value@31 error@32 hoisted@32 (x@38 key@38 A@39 (a@41 (x@43 (a@44 (a@45
        import Default node:fs default as fs
        import Name node:fs readFile as read
        import Name node:fs Stats as Stats
        import Module path as path
        import Bare ./polyfill
        import Module old as old
        import Export - read as load
        import Export - path as path
        import ReExportStar ./all
        import ReExportModule ./names as names
        import ReExport ./thing default as Thing
    "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::TypeScript,
        SNIPPET,
        &expect![[r#"
        2: 8 fs import; 14 .readFile import; 26 read import; 37 Stats import;
        3: 13 path import;
        5: 8 old import;
        6: 10 read read; 24 path read;
        9: 10 .default import;
        18: 2 injectable call;
        19: 38 Item type; 45 Item type; 59 Base type; 64 T type; 78 Closable type; 88 Other type;
        21: 19 Map type; 31 T type; 40 Map call;
        22: 21 Event type; 31 event read; 37 event.target read;
        25: 11 path read;
        26: 10 this.size write; 17 Store read; 23 Store.#count write;
        29: 38 this.items read; 44 items.size read;
        30: 30 T type; 38 K type; 43 .deep read; 60 Options type; 75 Promise type; 83 T type; 85 K type;
        31: 33 Object read; 40 Object.entries call; 48 rest read; 57 counter write; 67 value read;
        32: 17 read call; 22 key read; 61 error read;
        33: 17 this.items read; 23 items.get call; 27 key read; 34 deep read; 43 other read;
        38: 70 Shape type;
        39: 31 A type; 42 Shape type;
        42: 18 Deep read;
        43: 41 Promise type; 81 x read; 84 nested call;
        45: 43 a read;
        46: 9 .a read; 12 .b write; 17 .c read; 29 config read;
        47: 42 Pair type; 54 LIMIT read;
    "#]],
    );
}

#[test]
fn tsx_outline() {
    check(
        Language::Tsx,
        TSX,
        &expect![[r#"
        interface Props 4 | interface Props
          property Props.title 4 | title: string
          property Props.onPick 4 | onPick?: (id: number) => void
        function Card 7-16 pub | export function Card({ title, onPick }: Props) | /** A card. */
          function Card.pick 9 | pick = () =>
        variable Memo 18 pub | export const Memo = React.memo(Card)
        locals: (id@4 (title@7 (onPick@7 open@8 setOpen@8
        import Default react default as React
        import Name react useState as useState
    "#]],
    );
}

#[test]
fn tsx_uses() {
    check_uses(
        Language::Tsx,
        TSX,
        &expect![[r#"
        2: 8 React import; 17 useState import;
        7: 24 .title read; 31 .onPick read; 41 Props type;
        8: 27 useState call;
        9: 22 onPick call;
        11: 6 Panel read; 12 Panel.Body call; 17 .title write; 24 title read; 31 .open write; 37 open read; 47 rest read;
        12: 8 Button call; 15 .onClick write; 32 setOpen call; 41 open read; 48 pick call; 59 .disabled write;
        13: 8 div call; 12 .className write; 23 .x write; 27 title read; 35 div read;
        14: 7 Panel read; 13 Panel.Body read;
        18: 21 React read; 27 React.memo call; 32 Card read;
    "#]],
    );
}
