import { firstSentence, truncate } from "./text.ts";

export interface Message {
  from: string;
  subject: string;
  body: string;
}

const SUBJECT = 40;
const PREVIEW = 60;

/** A message in a list, for a browser. */
export function html(message: Message): string {
  const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const subject = escape(truncate(message.subject, SUBJECT));
  const preview = escape(truncate(firstSentence(message.body), PREVIEW));
  return `<li><b>${subject}</b> ${preview}</li>`;
}

/** The same for a terminal, which may know nothing but ASCII. */
export function plain(message: Message): string {
  const subject = truncate(message.subject, SUBJECT);
  const preview = truncate(firstSentence(message.body), PREVIEW);
  return `${message.from}: ${subject}\n    ${preview}`;
}
