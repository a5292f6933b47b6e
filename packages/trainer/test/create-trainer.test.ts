import "@tensorflow/tfjs-backend-cpu";
import { rm } from "node:fs/promises";
import { createScope, type DeviceUse, MlanError, TRAINER } from "@mlan/core";
import { describeTrainerContract, plainCompute, plainComputePlugin, temporaryFolder } from "@mlan/testing";
import { trainer } from "@mlan/trainer";
import { describe, expect, it } from "vitest";
import { train } from "./run-training.ts";

describeTrainerContract([trainer(), plainComputePlugin()]);

describe("trainer()", () => {
  it("needs a compute plugin, and lists those available", () => {
    const alone = (): unknown => createScope([trainer()]).get(TRAINER);
    expect(alone).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
    expect(alone).toThrow(/Nothing provides @mlan\/core\/compute@1, which @mlan\/trainer needs\. .*cpuTrainer\(\)/);
  });

  it("refuses unknown options, and records only settings that change results", () => {
    expect(() => trainer(JSON.parse('{ "threads": 2 }'))).toThrow(/trainer: .*"threads"/);
    expect(trainer({ gradientCheckpointing: true })).toMatchObject({ name: "@mlan/trainer", settings: {} });
  });
});

it("reports the device use of each step, if it is counted", async () => {
  const folder = temporaryFolder();
  let asked = 0;
  const usage = (): DeviceUse => ({ dispatches: asked, peakBytes: 100 * asked++ });
  const { steps } = await train({ folder, trainer: { compute: { ...plainCompute(), usage } } });
  // The use before the first step is that of loading.
  expect(steps.map(({ device }) => device)).toEqual(
    steps.map(({ step }) => ({ dispatches: step, peakBytes: 100 * step })),
  );
  const { steps: uncounted } = await train({ folder: new URL("uncounted/", folder) });
  expect(uncounted.every((event) => !("device" in event))).toBe(true);
  await rm(folder, { recursive: true, force: true });
});
