import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { boolq } from "@mlan/data-boolq";
import { writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { contamination } from "@mlan/eval-contamination";
import { expect, it } from "vitest";

it("finds no text of a benchmark in the tuning data of the miniworld", async () => {
  const root = await mkdtemp(join(tmpdir(), "contamination-"));
  try {
    const world = await writeMiniworld(pathToFileURL(`${root}/world/`), { instructions: 1600, captions: 10 });
    const report = await contamination({
      mixture: mlan({ mixture: "MLAN_v_mini", folder: world.mlan }),
      benchmarks: [boolq({ folder: world.boolq }), pope({ folder: world.pope })],
    });
    console.log(JSON.stringify(report, null, 1).slice(0, 6000));
    expect(report.benchmarks.map(({ contaminated }) => contaminated)).toEqual([[], []]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
