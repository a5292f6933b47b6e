import * as Plot from "@observablehq/plot";
import type { ShareData } from "../../src/page-data.ts";
import { common, finished, lineLegend, PERCENT, range, shown } from "./common.ts";

export function sharePlot(
  curves: readonly ShareData[],
  backbones: readonly string[],
  width: number,
): readonly Element[] {
  const rows = curves.flatMap(({ backbone, points }) =>
    points.map((point) => ({
      ...point,
      backbone,
      color: `var(--arm-${backbones.indexOf(backbone) % 8})`,
      ...(point.band ?? point.interval),
    })),
  );
  const seeds = rows.flatMap((row) => row.seeds.map((value) => ({ ...row, value })));
  const guessing = curves[0]?.guessing;
  const values = [
    ...rows.flatMap(({ value, low = value, high = value }) => [low, high]),
    ...(guessing === undefined ? [] : [guessing]),
  ];
  const by = { x: (row: { share: number }) => row.share * 100, z: "backbone" } as const;
  const svg = Plot.plot({
    ...common("Accuracy against the share of language in the tuning data"),
    width,
    height: 260,
    marginLeft: 44,
    marginBottom: 40,
    x: { label: "share of language, %", labelArrow: "none", domain: [0, 100], ticks: [0, 25, 50, 75, 100], inset: 8 },
    y: {
      ...PERCENT,
      label: "accuracy, %",
      grid: true,
      nice: true,
      domain: [Math.max(0, Math.min(...values) - 0.02) * 100, Math.min(1, Math.max(...values) + 0.02) * 100],
    },
    marks: [
      ...(guessing === undefined ? [] : [Plot.ruleY([guessing], { stroke: "var(--muted)", strokeDasharray: "2,3" })]),
      Plot.areaY(
        rows.filter(({ low }) => low !== undefined),
        { ...by, y1: "low", y2: "high", fill: "color", fillOpacity: 0.16 },
      ),
      Plot.lineY(rows, { ...by, y: "value", stroke: "color", strokeWidth: 2 }),
      Plot.dot(seeds, { ...by, y: "value", r: 1.8, stroke: "color" }),
      Plot.dot(rows, { ...by, y: "value", r: 3.5, fill: "color" }),
      Plot.tip(
        rows,
        Plot.pointer({
          ...by,
          y: "value",
          title: ({ backbone, share, value, interval, band }: (typeof rows)[number]) =>
            [
              backbone,
              `${shown(share)} % language: ${shown(value)} %`,
              `over questions${range(interval)}`,
              ...(band ? [`over seeds${range(band)}`] : []),
            ]
              .filter((line) => line !== "")
              .join("\n"),
        }),
      ),
    ],
  });
  const named =
    backbones.length > 1 ? [lineLegend(backbones.map((label, index) => ({ label, color: `arm-${index % 8}` })))] : [];
  return [finished(svg), ...named];
}
