import type { Item, SearchField } from "./types.ts";

/** What there is, by ISBN. */
export class Library {
  private items = new Map<string, Item>();

  constructor(items: readonly Item[] = []) {
    for (const item of items) this.add(item);
  }

  add(item: Item): void {
    this.items.set(item.isbn, item);
  }

  get size(): number {
    return this.items.size;
  }

  all(): Item[] {
    return [...this.items.values()].sort((a, b) => a.title.localeCompare(b.title));
  }

  has(isbn: string): boolean {
    return findItem(this.all(), isbn) !== undefined;
  }
}

export function findItem(items: readonly Item[], isbn: string): Item | undefined {
  const wanted = isbn.replaceAll("-", "");
  return items.find((item) => item.isbn.replaceAll("-", "") === wanted);
}

export function search(library: Library, field: SearchField, text: string): Item[] {
  const wanted = text.toLowerCase();
  return library.all().filter((item) => String(item[field]).toLowerCase().includes(wanted));
}
