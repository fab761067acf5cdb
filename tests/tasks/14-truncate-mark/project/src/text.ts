/** Texts as they fit into narrow places. */

/** At most `length` characters; what is longer ends in `…`, and never in a blank before it. */
export function truncate(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  if (length < 1) return "";
  return characters.slice(0, length - 1).join("").trimEnd() + "…";
}

/** The first sentence, or all of it where there is no end of one. */
export function firstSentence(text: string): string {
  const end = text.search(/[.!?](\s|$)/);
  return end < 0 ? text : text.slice(0, end + 1);
}

export function initials(name: string): string {
  return name
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase())
    .join("");
}
