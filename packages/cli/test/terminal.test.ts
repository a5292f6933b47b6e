import type { RunEvent } from "@mlan/core";
import { describe, expect, test } from "vitest";
import { openDisplay } from "../src/terminal/display.ts";
import { mlan } from "../src/commands/program.ts";
import { type Streams, processTerminal } from "../src/terminal/terminal.ts";

/** Streams of a terminal with the given width, and the text written to them. */
function terminalOf(columns: number | undefined): { readonly streams: Streams; readonly written: string[] } {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    ...(columns !== undefined && { columns }),
    write: (text: string) => written.push(text),
  };
  return { streams: { stdout: stream, stderr: stream, env: {} }, written };
}

const events: readonly RunEvent[] = [
  { type: "preflight", subject: "model" },
  { type: "notice", notice: "the projector is new" },
  { type: "download", source: "acme/tiny on the Hub", file: "model.safetensors", bytes: 12, size: 13 },
  { type: "stage-start", stage: "tune", kind: "train", index: 0, stages: 1 },
  {
    type: "stage-progress",
    stage: "tune",
    event: { type: "train-start", stepsDone: 0, steps: 2, dataFingerprint: "f", unsupervised: [] },
  },
  { type: "stage-end", stage: "tune", seconds: 1, skipped: false },
];

describe.each([undefined, 0, 1, 2, 5, NaN])("a terminal that reports %s columns", (columns) => {
  test("has the reported width, and 120 when none is reported", () => {
    expect(processTerminal(terminalOf(columns).streams).columns()).toBe(columns || 120);
  });

  test("shows a run without a line that is too long", () => {
    const { streams, written } = terminalOf(columns);
    const terminal = processTerminal(streams);
    let now = 0;
    const display = openDisplay(terminal, { now: () => (now += 1000) });
    for (const event of events) display.show(event);
    display[Symbol.dispose]();
    const redrawn = written
      .filter((text) => text.startsWith("\r"))
      .map((text) => text.slice(1).replace("\u001B[K", ""));
    expect(redrawn.length).toBeGreaterThan(2);
    for (const line of redrawn) expect(line.length).toBeLessThan(terminal.columns());
    expect(written.join("")).toContain("Note: the projector is new.");
    expect(written.join("")).toContain("[1/1] tune  done in 1.0s");
  });

  test("shows the help", async () => {
    const { streams, written } = terminalOf(columns);
    expect(await mlan(["run", "--help"], processTerminal(streams))).toBe(0);
    expect(written.join("").replaceAll(/\s+/g, " ")).toContain("Usage: mlan run [options] <experiment>");
  });
});

test("elsewhere than on a terminal, a download is told at its start, every ten seconds and at its end", () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) };
  let now = 0;
  const display = openDisplay(processTerminal({ stdout: stream, stderr: stream, env: {} }), { now: () => now });
  const download = {
    type: "download",
    source: "acme/tiny on the Hub",
    file: "model.safetensors",
    size: 2.5e9,
  } as const;
  for (const [time, bytes] of [
    [1, 0],
    [2, 1e8],
    [11_000, 1e9],
    [12_000, 1.5e9],
    [13_000, 2.5e9],
  ] as const) {
    now = time;
    display.show({ ...download, bytes });
  }
  display[Symbol.dispose]();
  expect(written.join("")).toBe(
    ["0", "1", "2.5"]
      .map((done) => `downloading model.safetensors of acme/tiny on the Hub: ${done} of 2.5 GB\n`)
      .join(""),
  );
});

test("text of a model cannot command the terminal, and is left as it is in a file", () => {
  const text = "a\u001B]0;title\u0007\u009B2J\tb\n";
  const { streams, written } = terminalOf(80);
  processTerminal(streams).write(text);
  const file: string[] = [];
  processTerminal({ ...streams, stdout: { write: (piece) => file.push(piece) } }).write(text);
  expect(written).toEqual(["a\ufffd]0;title\ufffd\ufffd2J\tb\n"]);
  expect(file).toEqual([text]);
});
