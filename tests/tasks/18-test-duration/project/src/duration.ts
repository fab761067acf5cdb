/** Durations as people write them: `90s`, `1h30m`, `1.5d`. */

const MILLISECONDS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration. Each unit at most once, the larger before the smaller; blanks between them do not matter.
 *
 * Throws a RangeError for anything else, an empty text and a number without a unit too.
 */
export function parseDuration(text: string): number {
  const part = /\s*(\d+(?:\.\d+)?)(ms|s|m|h|d)\s*/y;
  let total = 0;
  let smallest = Infinity;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    const unit = found === null ? undefined : MILLISECONDS[found[2]!];
    if (found === null || unit === undefined || unit >= smallest) {
      throw new RangeError(`\`${text}\` is no duration`);
    }
    total += Number(found[1]) * unit;
    smallest = unit;
  }
  if (smallest === Infinity) throw new RangeError("a duration is not empty");
  return total;
}

/** The other way round, without fractions: `5400000` is `1h30m`. */
export function formatDuration(milliseconds: number): string {
  let left = Math.round(milliseconds);
  let text = "";
  for (const [name, unit] of Object.entries(MILLISECONDS).reverse()) {
    const count = Math.floor(left / unit);
    if (count > 0) text += `${count}${name}`;
    left -= count * unit;
  }
  return text || "0ms";
}
