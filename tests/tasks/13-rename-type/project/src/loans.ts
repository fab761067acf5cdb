import { findItem, type Library } from "./library.ts";
import type { Item, Loan } from "./types.ts";

export interface Overdue {
  item: Item;
  reader: string;
}

/** Loans whose day has passed, with what is lent; what the library does not know is left out. */
export function overdue(library: Library, loans: readonly Loan[], today: string): Overdue[] {
  const found: Overdue[] = [];
  for (const loan of loans) {
    const item = findItem(library.all(), loan.isbn);
    if (item !== undefined && loan.due < today) {
      found.push({ item, reader: loan.reader });
    }
  }
  return found;
}

export function available(library: Library, loans: readonly Loan[]): Item[] {
  const lent = new Set(loans.map((loan) => loan.isbn));
  return library.all().filter((item: Item) => !lent.has(item.isbn));
}
