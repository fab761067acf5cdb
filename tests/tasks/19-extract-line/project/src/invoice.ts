import { cents } from "./money.ts";

/** Prices are whole cents. */
export interface InvoiceLine {
  text: string;
  price: number;
  count: number;
  /** What is taken off, in percent. */
  discount?: number;
}

export interface Invoice {
  customer: string;
  lines: InvoiceLine[];
  /** In percent. */
  tax: number;
}

/** What the invoice comes to, tax included, in cents. */
export function total(invoice: Invoice): number {
  let net = 0;
  for (const line of invoice.lines) {
    const full = line.price * line.count;
    const off = Math.round((full * (line.discount ?? 0)) / 100);
    net += full - off;
  }
  return net + Math.round((net * invoice.tax) / 100);
}

export function render(invoice: Invoice): string {
  const rows = [`Invoice for ${invoice.customer}`, ""];
  for (const line of invoice.lines) {
    const full = line.price * line.count;
    const off = Math.round((full * (line.discount ?? 0)) / 100);
    const name = `${line.count} x ${line.text}`;
    rows.push(name.padEnd(30) + cents(full - off).padStart(10));
  }
  rows.push("", "Total".padEnd(30) + cents(total(invoice)).padStart(10));
  return rows.join("\n");
}
