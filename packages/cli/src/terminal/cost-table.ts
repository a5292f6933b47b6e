import type { LedgerEntry } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import { count, duration, fixed, significant } from "./format-number.ts";

const COLUMNS: readonly TextColumn[] = [
  { title: "stage", align: "left", key: true },
  { title: "steps", align: "right" },
  { title: "text", align: "right" },
  { title: "supervised", align: "right" },
  { title: "image", align: "right" },
  { title: "padding", align: "right" },
  { title: "TFLOP", align: "right" },
  { title: "time", align: "right" },
  { title: "loss", align: "right" },
];

/**
 * Returns the table of costs per training stage: positions by kind (text includes the supervised positions), TFLOP,
 * time, and first and last loss.
 */
export function costTable(ledger: readonly LedgerEntry[], width?: number): readonly string[] {
  const rows = ledger.map((entry) => [
    entry.stage,
    count(entry.steps),
    count(entry.text),
    count(entry.supervised),
    count(entry.image),
    count(entry.padding),
    significant(entry.flops / 1e12),
    duration(entry.seconds),
    `${fixed(entry.firstLoss, 3)} → ${fixed(entry.lastLoss, 3)}`,
  ]);
  return ["Cost of training, in positions", "", ...textTable({ columns: COLUMNS, rows }, width)];
}
