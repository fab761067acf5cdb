// Asks pyright's language server where names are defined and where they are used.
//
//   node truth_py.mjs PYRIGHT_FOLDER REQUEST.json ANSWERS.jsonl
//
// REQUEST and ANSWERS as in truth_ts.mjs; lines and UTF-16 columns count from 0.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [pyrightFolder, requestFile, answersFile] = process.argv.slice(2);
const request = JSON.parse(readFileSync(requestFile, "utf8"));
const root = request.root;

const server = spawn(
    process.execPath,
    ["--max-old-space-size=6144", join(pyrightFolder, "node_modules/pyright/langserver.index.js"), "--stdio"],
    { stdio: ["pipe", "pipe", "inherit"] },
);
const waiting = new Map();
let nextId = 1;
let finished = false;
let foundFiles;
const ready = new Promise((resolve) => {
    foundFiles = resolve;
});

server.on("exit", (code) => {
    if (!finished) {
        console.error(`pyright ended early with code ${code}`);
        process.exit(1);
    }
});

function send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    server.stdin.write(body);
}

function ask(method, params) {
    const id = nextId++;
    send({ id, method, params });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

// No interpreter and no search paths but the tree: what the machine has installed must not change the
// answers.
function settingsFor({ section }) {
    switch (section) {
        case "python":
            return { pythonPath: "no-python-on-purpose" };
        case "python.analysis":
            return { diagnosticMode: "openFilesOnly", autoSearchPaths: false, logLevel: "Information" };
        default:
            return {};
    }
}

function receive(message) {
    if (message.method === undefined) {
        const { resolve, reject } = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.error) {
            reject(new Error(message.error.message));
        } else {
            resolve(message.result);
        }
    } else if (message.id !== undefined) {
        const asksForSettings = message.method === "workspace/configuration";
        send({ id: message.id, result: asksForSettings ? message.params.items.map(settingsFor) : null });
    } else if (message.method === "window/logMessage") {
        if (process.env.TRUTH_LOG) {
            console.error(message.params.message);
        }
        if (/^(Found \d+|No) source file/.test(message.params.message)) {
            foundFiles();
        }
    }
}

let input = Buffer.alloc(0);
server.stdout.on("data", (chunk) => {
    input = Buffer.concat([input, chunk]);
    for (;;) {
        const headerEnd = input.indexOf("\r\n\r\n");
        if (headerEnd < 0) {
            return;
        }
        const length = Number(/Content-Length: (\d+)/i.exec(input.toString("latin1", 0, headerEnd))[1]);
        const end = headerEnd + 4 + length;
        if (input.length < end) {
            return;
        }
        receive(JSON.parse(input.toString("utf8", headerEnd + 4, end)));
        input = input.subarray(end);
    }
});

function place({ uri, range }) {
    const file = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
    const path = relative(root, file);
    if (path.startsWith("..") || !uri.startsWith("file:")) {
        return { outside: basename(file) };
    }
    return { path: path.split(sep).join("/"), line: range.start.line, col: range.start.character };
}

function unique(places) {
    return [...new Map(places.map((one) => [JSON.stringify(one), one])).values()];
}

const rootUri = pathToFileURL(root).href;
await ask("initialize", {
    processId: process.pid,
    rootUri,
    workspaceFolders: [{ uri: rootUri, name: "sample" }],
    capabilities: {
        workspace: { configuration: true, workspaceFolders: true },
        textDocument: { definition: {}, references: {} },
    },
});
send({ method: "initialized", params: {} });
await ready;

const answers = openSync(answersFile, "w");
async function find(method, { path, line, col }) {
    const found = await ask(method, {
        textDocument: { uri: pathToFileURL(join(root, path)).href },
        position: { line, character: col },
        context: { includeDeclaration: true },
    });
    return unique([found ?? []].flat().map(place));
}
for (const [at, question] of request.definitions.entries()) {
    const targets = await find("textDocument/definition", question);
    writeSync(answers, `${JSON.stringify({ ask: "definition", at, targets })}\n`);
}
for (const [at, { alike, ...question }] of request.references.entries()) {
    const targets = await find("textDocument/references", question);
    const asked = JSON.stringify(question);
    const direct = [];
    for (const target of targets.filter(({ path }) => path !== undefined)) {
        const found = await find("textDocument/definition", target);
        if (found.some((one) => JSON.stringify(one) === asked)) {
            direct.push(target);
        }
    }
    const known = new Set(targets.map((target) => JSON.stringify(target)));
    const unknown = [];
    for (const one of alike.filter((one) => !known.has(JSON.stringify(one)))) {
        if ((await find("textDocument/definition", one)).length === 0) {
            unknown.push(one);
        }
    }
    writeSync(answers, `${JSON.stringify({ ask: "references", at, targets, direct, unknown })}\n`);
}
closeSync(answers);

finished = true;
await ask("shutdown", null);
send({ method: "exit" });
server.stdin.end();
