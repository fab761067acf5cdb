import type { Overdue } from "./loans.ts";
import type { Item } from "./types.ts";

/** `Emma, by Jane Austen (1815)`. */
export function line(item: Item): string {
  const by = item.authors.length > 0 ? `, by ${item.authors.join(" and ")}` : "";
  return `${item.title}${by} (${item.year})`;
}

export function list(items: readonly Item[]): string {
  return items.length === 0 ? "nothing found" : items.map(line).join("\n");
}

export function reminder({ item, reader }: Overdue): string {
  return `Dear ${reader}, please bring back ${line(item)}.`;
}
