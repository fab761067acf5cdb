import { formatDuration, parseDuration } from "./duration.ts";

export interface Timer {
  name: string;
  /** Milliseconds since the epoch. */
  ends: number;
}

/** `tea 3m` as a timer that starts now. */
export function parseTimer(line: string, now: number): Timer {
  const blank = line.indexOf(" ");
  if (blank < 1) throw new RangeError("a timer has a name and a duration");
  return { name: line.slice(0, blank), ends: now + parseDuration(line.slice(blank + 1)) };
}

export function left(timer: Timer, now: number): string {
  return timer.ends <= now ? `${timer.name} is over` : `${timer.name}: ${formatDuration(timer.ends - now)} left`;
}
