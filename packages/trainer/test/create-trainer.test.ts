import "@tensorflow/tfjs-backend-cpu";
import { rm } from "node:fs/promises";
import { createScope, type DeviceUse, MlanError, TRAINER } from "@mlan/core";
import { describeTrainerContract, plainCompute, plainComputePlugin } from "@mlan/testing";
import { trainer } from "@mlan/trainer";
import { describe, expect, it } from "vitest";
import { temporaryFolder, train } from "./run-training.ts";

describeTrainerContract([trainer(), plainComputePlugin()]);

describe("trainer()", () => {
  it("needs a compute, and says which there are", () => {
    const alone = (): unknown => createScope([trainer()]).get(TRAINER);
    expect(alone).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
    expect(alone).toThrow(/Nothing provides @mlan\/core\/compute@1, which @mlan\/trainer needs\. .*cpuTrainer\(\)/);
  });

  it("refuses what it does not know, and writes down nothing that changes no result", () => {
    expect(() => trainer(JSON.parse('{ "threads": 2 }'))).toThrow(/trainer: .*"threads"/);
    expect(trainer({ gradientCheckpointing: true })).toMatchObject({ name: "@mlan/trainer", settings: {} });
  });
});

it("tells what each step took of the device, where it is counted", async () => {
  const folder = await temporaryFolder();
  let asked = 0;
  const usage = (): DeviceUse => ({ dispatches: asked, peakBytes: 100 * asked++ });
  const { steps } = await train({ folder, trainer: { compute: { ...plainCompute(), usage } } });
  // What it is asked before the first step is about loading.
  expect(steps.map(({ device }) => device)).toEqual(
    steps.map(({ step }) => ({ dispatches: step, peakBytes: 100 * step })),
  );
  const { steps: uncounted } = await train({ folder: new URL("uncounted/", folder) });
  expect(uncounted.every((event) => !("device" in event))).toBe(true);
  await rm(folder, { recursive: true, force: true });
});
