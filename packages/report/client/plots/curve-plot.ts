import * as Plot from "@observablehq/plot";
import type { CurveData } from "../../src/page-data.ts";
import { common, finished, lineLegend } from "./common.ts";

export function curvePlot(curves: readonly CurveData[], width: number): readonly Element[] {
  const rows = curves.flatMap(({ points, label, color, backbone = 0 }, index) =>
    points.map(([step, loss, lowest = loss, highest = loss]) => ({
      step,
      loss,
      lowest,
      highest,
      label,
      index,
      backbone,
      color: `var(--${color})`,
    })),
  );
  const svg = Plot.plot({
    ...common("Training loss by step"),
    width,
    height: 240,
    marginLeft: 44,
    marginBottom: 40,
    x: { label: "step", labelArrow: "none", ticks: 5 },
    y: { label: "loss, nats", labelArrow: "none", grid: true, nice: true, ticks: 6 },
    marks: [
      // Many bands would cover each other.
      Plot.areaY(curves.length > 4 ? [] : rows, {
        x: "step",
        y1: "lowest",
        y2: "highest",
        z: "index",
        fill: "color",
        fillOpacity: 0.15,
      }),
      ...[...new Set(rows.map(({ backbone }) => backbone))].map((backbone) =>
        Plot.lineY(
          rows.filter((row) => row.backbone === backbone),
          {
            x: "step",
            y: "loss",
            z: "index",
            stroke: "color",
            strokeWidth: 1.5,
            ...(backbone > 0 && { strokeDasharray: `${2 + 3 * (backbone % 2)},3` }),
          },
        ),
      ),
      Plot.tip(
        rows.filter(({ loss }) => loss !== null),
        Plot.pointerX({
          x: "step",
          y: "loss",
          title: ({ label, step, loss }: (typeof rows)[number]) =>
            `${label === "" ? "" : `${label}\n`}step ${step}\nloss ${loss?.toPrecision(4)}`,
        }),
      ),
    ],
  });
  const named = [...new Map(curves.map((curve) => [curve.label, curve])).values()].filter(({ label }) => label !== "");
  return [finished(svg), ...(named.length > 1 && named.length <= 16 ? [lineLegend(named)] : [])];
}
