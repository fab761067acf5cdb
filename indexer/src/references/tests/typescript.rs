//! TypeScript and JavaScript: modules, types and values of one name, and what expressions are made of.

use super::{definition, references};

const MODEL: &str = "\
--- model.ts
export interface Issue { code: string; path: Place[]; next?: Issue }
export interface Place { line: number }
export type Good = { ok: true; value: Issue };
export type Bad = { ok: false; error: Issue };
export type Result = Good | Bad;
export class Reader {
  constructor(private options: Options) {}
  read(): Result { return make(); }
  self() { return this; }
  issues(): Array<Issue> { return []; }
  later(): Promise<Issue> { return wait(); }
  on(call: (issue: Issue, at: Place) => void) {}
  get first() { return this.issues()[0]; }
}
export interface Options { limit: number; deep: { flag: boolean } }
export function open(options: Options) { return new Reader(options); }
export interface Visit { (issue: Issue): void }
";

fn with_model(text: &str) -> String {
    definition(&format!("{MODEL}--- use.ts\nimport * as m from './model';\nconst r = m.open(o);\n{text}\n"))
}

#[test]
fn modules_are_found_by_path_package_and_configuration() {
    let project = "\
--- tsconfig.json
{ \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@lib/*\": [\"./lib/*\"] } } }
--- packages/one/package.json
{ \"name\": \"@org/one\" }
--- packages/one/src/index.ts
export { a as b } from './a';
export * from './c';
export * as whole from './a';
--- packages/one/src/a.ts
export function a() {}
export default class K {}
--- packages/one/src/c.ts
export const c = 1;
--- lib/x.ts
export const x = 1;
--- use.ts
";
    let ask = |text: &str| definition(&format!("{project}{text}"));
    assert_eq!(ask("import { $b } from '@org/one';"), "packages/one/src/a.ts:1 a");
    assert_eq!(ask("import { c } from '@org/one';\n$c;"), "packages/one/src/c.ts:1 c");
    assert_eq!(ask("import { whole } from '@org/one';\nwhole.$a();"), "packages/one/src/a.ts:1 a");
    assert_eq!(ask("import { x } from '@lib/x.js';\n$x;"), "lib/x.ts:1 x");
    assert_eq!(ask("import Any from './packages/one/src/a';\nnew $Any();"), "packages/one/src/a.ts:2 K");
}

#[test]
fn a_type_and_a_value_may_share_a_name() {
    let project = "--- a.ts\nexport interface A { x: number }\nexport const A = make();\n--- b.ts\nimport { A } from './a';\n";
    let ask = |text: &str| definition(&format!("{project}{text}"));
    assert_eq!(ask("let v: $A;"), "a.ts:1 A");
    assert_eq!(ask("f($A);"), "a.ts:2 A");
    assert_eq!(ask("let v: typeof $A;"), "a.ts:2 A");
    assert_eq!(
        references(
            "--- a.ts\nexport interface A {}\nexport const $A = 1;\nlet v: A;\nf(A);\nexport type B = typeof A;\n"
        ),
        "a.ts:4 a.ts:5"
    );
}

#[test]
fn every_signature_of_a_function_is_meant() {
    let project =
        "--- a.ts\nexport function f(a: string): void;\nexport function f(a: number): void;\n--- b.ts\n";
    assert_eq!(definition(&format!("{project}import {{ $f }} from './a';")), "a.ts:1 f, a.ts:2 f");
    assert_eq!(
        references("--- a.ts\ninterface L { w(a: X): void; $w(b: Y): void }\nfunction g(l: L) { l.w(1); }\n"),
        "a.ts:2"
    );
}

#[test]
fn calls_chains_and_elements_are_followed() {
    assert_eq!(with_model("r.$issues();"), "model.ts:10 Reader.issues");
    assert_eq!(with_model("r.self().self().$issues();"), "model.ts:10 Reader.issues");
    assert_eq!(with_model("r.issues()[0].$code;"), "model.ts:1 Issue.code");
    assert_eq!(with_model("r.issues()[0]!.path[1].$line;"), "model.ts:2 Place.line");
    assert_eq!(with_model("async () => { (await r.later()).$code; }"), "model.ts:1 Issue.code");
    assert_eq!(with_model("r.first.$code;"), "model.ts:1 Issue.code");
    assert_eq!(with_model("(x as m.Issue).$code;"), "model.ts:1 Issue.code");
    assert_eq!(with_model("(a ?? r).$issues();"), "model.ts:10 Reader.issues");
}

#[test]
fn members_of_a_union_are_all_meant() {
    assert_eq!(with_model("const result = r.read();\nresult.$ok;"), "model.ts:3 Good.ok, model.ts:4 Bad.ok");
    assert_eq!(with_model("r.read().error.$code;"), "model.ts:1 Issue.code");
}

#[test]
fn callbacks_get_what_they_are_called_with() {
    assert_eq!(with_model("r.on((issue, at) => at.$line);"), "model.ts:2 Place.line");
    assert_eq!(with_model("r.on(function (issue) { issue.$code; });"), "model.ts:1 Issue.code");
    assert_eq!(with_model("r.issues().filter(ok).map((issue) => issue.$code);"), "model.ts:1 Issue.code");
    assert_eq!(with_model("r.later().then(issue => issue.$code);"), "model.ts:1 Issue.code");
    assert_eq!(with_model("const visit: m.Visit = (issue) => issue.$code;"), "model.ts:1 Issue.code");
    assert_eq!(with_model("for (const issue of r.issues()) issue.$code;"), "model.ts:1 Issue.code");
}

#[test]
fn patterns_and_object_literals_name_members() {
    assert_eq!(with_model("const { $code } = r.issues()[0];"), "model.ts:1 Issue.code");
    assert_eq!(
        with_model("const { next: { path: [place] } } = r.first;\nplace.$line;"),
        "model.ts:2 Place.line"
    );
    assert_eq!(with_model("function f({ path }: m.Issue) { path[0].$line; }"), "model.ts:2 Place.line");
    assert_eq!(
        with_model("const o: m.Options = { limit: 1, deep: { $flag: true } };"),
        "model.ts:15 Options.deep.flag"
    );
    assert_eq!(with_model("m.open({ $limit: 1 });"), "model.ts:15 Options.limit");
    assert_eq!(with_model("function f(): m.Options { return { $limit: 1 }; }"), "model.ts:15 Options.limit");
    // A name that is read and a key at once means what is read first.
    assert_eq!(with_model("const limit = 1;\nm.open({ $limit });"), "use.ts:3 limit");
    // What is not known of what is a definition of its own.
    assert_eq!(with_model("const { $other } = unknown();"), "use.ts:3 other");
}

#[test]
fn a_key_without_a_known_type_is_by_name() {
    let text = "--- a.ts\ninterface A { $size: number }\nconst a: A = { size: 1 };\nconst b = { size: 2 };\nf({ size: 3 });\n";
    assert_eq!(references(text), "a.ts:2 a.ts:3? a.ts:4?");
}

#[test]
fn shorthand_is_a_use_of_both() {
    let text = "--- a.ts\ninterface A { $size: number }\nfunction f(size: number): A { return { size }; }\n";
    assert_eq!(references(text), "a.ts:2");
    assert_eq!(references(&text.replace('$', "").replace("f(size", "f($size")), "a.ts:2");
}

#[test]
fn what_makes_an_instance_uses_the_constructor() {
    let text = "--- a.ts\nexport class A { $constructor() {} }\n--- b.ts\nimport { A as B } from './a';\nnew B();\nlet b: B;\nclass C extends B {}\n";
    assert_eq!(references(text), "b.ts:2");
}

#[test]
fn uses_under_another_exported_name_are_found() {
    let text = "--- a.ts\nfunction $make() {}\nexport { make as create };\n--- b.ts\nimport { create } from './a';\ncreate();\n--- c.ts\nfunction create() {}\ncreate();\n";
    assert_eq!(references(text), "a.ts:2 b.ts:1 b.ts:2");
}

#[test]
fn default_imports_are_uses_under_their_own_names() {
    let text =
        "--- a.ts\nfunction $make() {}\nexport default make;\n--- b.ts\nimport build from './a';\nbuild();\n";
    assert_eq!(references(text), "a.ts:2 b.ts:1 b.ts:2");
}

#[test]
fn what_leads_back_to_itself_ends() {
    assert_eq!(
        definition(
            "--- a.ts\nexport * from './b';\n--- b.ts\nexport * from './a';\nimport { $x } from './a';"
        ),
        ""
    );
    assert_eq!(definition("--- a.ts\ntype A = B; type B = A;\nfunction f(a: A) { a.$x; }"), "");
    assert_eq!(definition("--- a.ts\nconst a = b, b = a.y;\na.$x;"), "");
    assert_eq!(definition("--- a.ts\nfunction f() { return f().g; }\nf().$x;"), "");
}

#[test]
fn javascript_follows_what_functions_return() {
    let text = "--- a.js\nexport class V {\n  constructor() { this.x = 1; }\n  add() { this.x += 1; return this; }\n  clone() { return new V(); }\n}\n--- b.js\nimport { V } from './a.js';\nconst make = () => new V();\n";
    assert_eq!(definition(&format!("{text}make().clone().add().$x;")), "a.js:2 V.x");
}

#[test]
fn exports_that_lead_to_each_other_are_all_followed() {
    let text = "--- a.ts\nexport * from './c';\n--- b.ts\nexport { item as B } from './a';\n--- c.ts\nexport { B as item } from './b';\nexport class $item { f(): B {} B = new B(); }\n";
    assert_eq!(references(text), "b.ts:1 c.ts:1");
    let stars = "--- a.ts\nexport * from './b';\nexport * from './c';\n--- b.ts\nexport * from './a';\nexport * from './d';\n--- c.ts\nexport class x {}\n--- d.ts\nexport class x {}\n";
    // Both stars have it, whichever is asked first.
    assert_eq!(definition(&format!("{stars}--- e.ts\nimport {{ $x }} from './a';\n")), "d.ts:1 x, c.ts:1 x");
    assert_eq!(definition(&format!("{stars}--- e.ts\nimport {{ $x }} from './b';\n")), "c.ts:1 x, d.ts:1 x");
}

#[test]
fn stars_bring_what_is_not_exported_otherwise() {
    let text = "--- a.ts\nexport * from './b';\nexport { x } from 'elsewhere';\n--- b.ts\nexport const x = 1, y = 2;\nexport default y;\n--- c.ts\n";
    assert_eq!(definition(&format!("{text}import {{ $x }} from './a';\n")), "b.ts:1 x?");
    assert_eq!(definition(&format!("{text}import {{ $y }} from './a';\n")), "b.ts:1 y");
    assert_eq!(definition(&format!("{text}import $y from './a';\n")), "b.ts:1 y?");
}
