// Asks the TypeScript language service where names are defined and where they are used.
//
//   node truth_ts.mjs TYPESCRIPT_FOLDER REQUEST.json ANSWERS.jsonl
//
// REQUEST: {"root", "definitions": [{"path","line","col"}], "references": [{…, "alike": […]}]}; lines and UTF-16
// columns count from 0. "alike" are other places where the same name stands.
// ANSWERS: one {"ask": "definition" | "references", "at": index, "targets": [{"path","line","col"} |
// {"outside"}]} a line, paths relative to the root. Answers to "references" also have "direct", those targets
// whose definition is the place asked about, and "unknown", those of "alike" that have no definition.

import { createRequire } from "node:module";
import { closeSync, existsSync, openSync, readFileSync, readdirSync, writeSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";

const [typescriptFolder, requestFile, answersFile] = process.argv.slice(2);
const ts = createRequire(join(typescriptFolder, "package.json"))("typescript");
const request = JSON.parse(readFileSync(requestFile, "utf8"));
const root = request.root;

const SOURCE = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;

function sourcesUnder(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
            return entry.name === "node_modules" ? [] : sourcesUnder(path);
        }
        return SOURCE.test(entry.name) ? [path] : [];
    });
}

// Only the path mapping is taken from the tree's own tsconfig: the rest is the same for every sample.
function pathMapping() {
    const file = join(root, "tsconfig.json");
    if (!existsSync(file)) {
        return {};
    }
    const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
    if (error) {
        throw new Error(`cannot read ${file}: ${ts.flattenDiagnosticMessageText(error.messageText, "\n")}`);
    }
    const { paths, baseUrl } = config.compilerOptions ?? {};
    return paths ? { paths, baseUrl: join(root, baseUrl ?? ".") } : {};
}

const options = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.Preserve,
    allowJs: true,
    allowImportingTsExtensions: true,
    experimentalDecorators: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
    types: [],
    ...pathMapping(),
};

const files = sourcesUnder(root);
const snapshots = new Map();
const host = {
    getCompilationSettings: () => options,
    getScriptFileNames: () => files,
    getScriptVersion: () => "1",
    getScriptSnapshot(file) {
        if (!snapshots.has(file)) {
            const text = ts.sys.readFile(file);
            snapshots.set(file, text === undefined ? undefined : ts.ScriptSnapshot.fromString(text));
        }
        return snapshots.get(file);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath,
};
const service = ts.createLanguageService(host, ts.createDocumentRegistry());

// The compiler also ends lines at U+2028; positions here end them at "\n" only, as the asker does.
const lineStarts = new Map();
function startsOf(file) {
    let starts = lineStarts.get(file);
    if (!starts) {
        const text = service.getProgram().getSourceFile(file).text;
        starts = [0];
        for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
            starts.push(at + 1);
        }
        lineStarts.set(file, starts);
    }
    return starts;
}

// The compiler stops at an import in two cases. At a use of `import * as name` it stops on purpose; asked
// again there, it goes on to the module, and both are right. And where the module is in a package that is not
// installed here, it cannot go on.
function definitions(file, at) {
    return (service.getDefinitionAtPosition(file, at) ?? []).flatMap((found) => {
        if (found.kind !== ts.ScriptElementKind.alias) {
            return [found];
        }
        const further = service.getDefinitionAtPosition(found.fileName, found.textSpan.start) ?? [];
        const known = further.filter(({ kind }) => kind !== ts.ScriptElementKind.alias);
        return known.length > 0 ? [found, ...known] : [{ missing: true }];
    });
}

function place({ missing, fileName: file, kind, textSpan }) {
    if (missing) {
        return { outside: "a package that is not there" };
    }
    const path = relative(root, file);
    if (path.startsWith("..") || path.includes("node_modules")) {
        return { outside: basename(file) };
    }
    // A module's span leaves out the comments at its head.
    const { text } = service.getProgram().getSourceFile(file);
    const isFile = kind === ts.ScriptElementKind.moduleElement && ts.textSpanEnd(textSpan) === text.length;
    const start = isFile ? 0 : textSpan.start;
    const starts = startsOf(file);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle] <= start) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return { path: path.split(sep).join("/"), line: low, col: start - starts[low] };
}

function unique(places) {
    return [...new Map(places.map((one) => [JSON.stringify(one), one])).values()];
}

function offsetOf({ path, line, col }) {
    const file = join(root, path);
    return [file, startsOf(file)[line] + col];
}

function definedAt(question) {
    return unique(definitions(...offsetOf(question)).map(place));
}

const answers = openSync(answersFile, "w");
request.definitions.forEach((question, at) => {
    writeSync(answers, `${JSON.stringify({ ask: "definition", at, targets: definedAt(question) })}\n`);
});
request.references.forEach(({ alike, ...question }, at) => {
    const spans = service.getReferencesAtPosition(...offsetOf(question)) ?? [];
    const targets = unique(spans.map(place));
    const asked = JSON.stringify(question);
    const isDirect = (target) =>
        target.path !== undefined && definedAt(target).some((found) => JSON.stringify(found) === asked);
    const direct = targets.filter(isDirect);
    const known = new Set(targets.map((target) => JSON.stringify(target)));
    const unknown = alike.filter((one) => !known.has(JSON.stringify(one)) && definedAt(one).length === 0);
    writeSync(answers, `${JSON.stringify({ ask: "references", at, targets, direct, unknown })}\n`);
});
closeSync(answers);
