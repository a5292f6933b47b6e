import type { Clock, PreflightEvent, RunEvent } from "@mlan/core";
import { advance, type Progress } from "./progress.ts";
import { clipped, lastingLines, progressLine } from "./progress-text.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a run while it happens. */
export interface Display extends Disposable {
  show(event: RunEvent): void;
}

const REDRAWS_APART = 100;
const LINES_APART = 10_000;

/** One line that is redrawn where somebody watches; elsewhere a plain line at a stage's start and every ten seconds. */
export function openDisplay(terminal: Terminal, clock: Clock): Display {
  let progress: Progress | undefined;
  let last = -Infinity;
  const draw = (): void => {
    if (!progress) return;
    if (terminal.interactive) terminal.redraw(progressLine(progress, clock.now(), terminal.columns() - 1));
    else terminal.note(progressLine(progress, clock.now(), Infinity));
    last = clock.now();
  };
  let announced = false;
  const showPreflight = ({ subject }: PreflightEvent): void => {
    if (terminal.interactive) terminal.redraw(clipped(`checking ${subject}`, terminal.columns() - 1));
    else if (!announced) terminal.note("Checking that all is there: model, data, images, disk.");
    announced = true;
  };
  // Time left goes on counting during a long step, as far as the step lets timers run.
  const timer = terminal.interactive ? setInterval(draw, 1000).unref() : undefined;
  return {
    show(event) {
      progress = advance(progress, event, clock.now());
      if (event.type === "preflight") showPreflight(event);
      for (const line of lastingLines(progress, event)) terminal.note(terminal.paint.dim(line));
      if (event.type === "stage-end") progress = undefined;
      if (event.type === "stage-start" && !terminal.interactive) draw();
      if (clock.now() - last >= (terminal.interactive ? REDRAWS_APART : LINES_APART)) draw();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      terminal.redraw(undefined);
    },
  };
}
