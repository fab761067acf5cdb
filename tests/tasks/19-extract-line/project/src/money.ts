/** Cents as people read them: `1234.50`, `-0.05`. */
export function cents(amount: number): string {
  const sign = amount < 0 ? "-" : "";
  const digits = String(Math.abs(amount)).padStart(3, "0");
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The other way round; NaN for what is no amount. */
export function parseCents(text: string): number {
  const found = /^(-?)(\d+)(?:\.(\d{2}))?$/.exec(text.trim());
  if (found === null) return Number.NaN;
  const amount = Number(found[2]) * 100 + Number(found[3] ?? 0);
  return found[1] === "-" ? -amount : amount;
}
