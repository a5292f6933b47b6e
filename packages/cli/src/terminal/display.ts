import type { Clock, PreflightEvent, RunEvent } from "@mlan/core";
import { downloadDisplay } from "./download-display.ts";
import { advance, type Progress } from "./progress.ts";
import { clipped, lastingLines, progressLine } from "./progress-text.ts";
import { displayInterval, type Terminal } from "./terminal.ts";

export interface Display extends Disposable {
  show(event: RunEvent): void;
}

/**
 * Opens the display of a run. An interactive terminal shows a single line, which is redrawn. Other outputs receive a
 * line when a stage starts and every ten seconds.
 */
export function openDisplay(terminal: Terminal, clock: Clock): Display {
  let progress: Progress | undefined;
  let last = -Infinity;
  const draw = (): void => {
    if (!progress) return;
    if (terminal.interactive) terminal.redraw(progressLine(progress, clock.now(), terminal.columns() - 1));
    else terminal.note(progressLine(progress, clock.now(), Infinity));
    last = clock.now();
  };
  const interval = displayInterval(terminal);
  let announced = false;
  const showPreflight = ({ subject }: PreflightEvent): void => {
    if (terminal.interactive) terminal.redraw(clipped(`checking ${subject}`, terminal.columns() - 1));
    else if (!announced) terminal.note("Checking the model, data, images and disk space.");
    announced = true;
  };
  const showDownload = downloadDisplay(terminal, clock);
  // Redraws during long steps, so that the remaining time counts down.
  const timer = terminal.interactive ? setInterval(draw, 1000).unref() : undefined;
  return {
    show(event) {
      progress = advance(progress, event, clock.now());
      if (event.type === "preflight") showPreflight(event);
      if (event.type === "download") showDownload(event);
      for (const line of lastingLines(progress, event)) terminal.note(terminal.paint.dim(line));
      if (event.type === "stage-end") progress = undefined;
      if (event.type === "stage-start" && !terminal.interactive) draw();
      if (clock.now() - last >= interval) draw();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      terminal.redraw(undefined);
    },
  };
}
