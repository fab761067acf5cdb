import { readFileSync } from "node:fs";
import { formatConfig, numberOf, parseConfig } from "./config.ts";

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

/** `main.ts FILE`: prints the configuration in order. Returns the exit code. */
export function main(args: readonly string[], terminal: Terminal): number {
  const [file, ...rest] = args;
  if (file === undefined || rest.length > 0) {
    terminal.err("usage: main.ts FILE\n");
    return 2;
  }
  const config = parseConfig(readFileSync(file, "utf8"));
  terminal.out(formatConfig(config));
  if (numberOf(config, "port", 8080) < 1024) {
    terminal.err("warning: this port needs an administrator\n");
  }
  return 0;
}

if (import.meta.filename === process.argv[1]) {
  process.exitCode = main(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
}
