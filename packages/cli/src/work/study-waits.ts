import type { StudyWaitEvent } from "@mlan/study";
import type { Terminal } from "../terminal/terminal.ts";

/** A task of a study that is running in another process. */
export interface Wait {
  readonly label: string;
  readonly reason: string;
  readonly pid: number;
  readonly isLocal: boolean;
}

export function waitsOf({ tasks }: StudyWaitEvent): readonly Wait[] {
  return tasks.map(({ task: { label }, process: { pid, isLocal }, reason }) => ({ label, reason, pid, isLocal }));
}

export function printWaits(waits: readonly Wait[], terminal: Terminal): void {
  if (waits.length === 0) return;
  terminal.note("Waiting for other processes:");
  for (const { label, reason } of waits) terminal.note(`  ${label}: ${reason}`);
}

interface WaitMessage {
  readonly type: "study-wait";
  readonly waits: readonly Wait[];
}

/** Sends the waits to the process that started this one. Does nothing if that process has ended. */
export function sendWaits(waits: readonly Wait[]): void {
  // Without a callback, a channel that closes meanwhile would emit an error, which ends this process.
  if (process.connected)
    process.send?.({ type: "study-wait", waits } satisfies WaitMessage, undefined, undefined, () => {});
}

/** Returns the waits in a message of {@link sendWaits}; none in any other message. */
export function waitsIn(message: unknown): readonly Wait[] {
  return isWaitMessage(message) ? message.waits : [];
}

function isWaitMessage(message: unknown): message is WaitMessage {
  return Object(message).type === "study-wait";
}
