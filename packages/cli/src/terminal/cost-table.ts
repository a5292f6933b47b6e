import { type TextColumn, textTable } from "@mlan/eval-kit";
import { count, type CostView, duration, fixed, significant } from "@mlan/run-view";

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
 * time, and first and last loss. Returns no lines if no training stage is done.
 */
export function costTable(costs: readonly CostView[], width?: number): readonly string[] {
  const rows = costs.flatMap(({ stage, training }) => {
    if (!training) return [];
    const { steps, text, supervised, image, padding, flops, seconds, firstLoss, lastLoss } = training;
    return [
      [
        stage,
        count(steps),
        count(text),
        count(supervised),
        count(image),
        count(padding),
        significant(flops / 1e12),
        duration(seconds),
        `${fixed(firstLoss, 3)} → ${fixed(lastLoss, 3)}`,
      ],
    ];
  });
  return rows.length === 0
    ? []
    : ["Cost of training, in positions", "", ...textTable({ columns: COLUMNS, rows }, width)];
}
