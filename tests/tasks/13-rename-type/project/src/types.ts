/** What the library lends. */
export interface Item {
  isbn: string;
  title: string;
  authors: string[];
  year: number;
}

/** Who has it, and until when: a day such as `2026-03-01`. */
export interface Loan {
  isbn: string;
  reader: string;
  due: string;
}

/** What can be searched. */
export type SearchField = "title" | "authors" | "year";
