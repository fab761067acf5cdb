/** Configuration files: `key = value`, with `#` before remarks. */

export type Config = Map<string, string>;

export function parseConfig(text: string): Config {
  const config: Config = new Map();
  for (const raw of text.split("\n")) {
    const line = raw.replace(/#.*$/, "").trim();
    const equals = line.indexOf("=");
    if (equals < 1) continue;
    const key = line.slice(0, equals).trim();
    const value = line.slice(equals + 1).trim();
    config.set(key, value);
  }
  return config;
}

/** A number of the configuration. */
export function numberOf(config: Config, key: string, fallback: number): number {
  const value = Number(config.get(key) ?? fallback);
  return Number.isFinite(value) ? value : fallback;
}

/** The other way round, in the order of the keys. */
export function formatConfig(config: Config): string {
  return [...config].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key} = ${value}\n`).join("");
}
