import "@tensorflow/tfjs-backend-cpu";
import { rm } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs-core";
import { describeTrainerContract } from "@mlan/testing";
import { createTrainer } from "@mlan/trainer";
import { expect, it } from "vitest";
import { temporaryFolder, train } from "./run-training.ts";

describeTrainerContract(
  createTrainer({
    name: "trainer on tfjs cpu",
    async useBackend() {
      await tf.setBackend("cpu");
    },
  }),
);

it("tells what each step took of the device, where it is counted", async () => {
  const folder = await temporaryFolder();
  let asked = 0;
  const deviceUse = (): { dispatches: number; peakBytes: number } => ({
    dispatches: asked,
    peakBytes: 100 * asked++,
  });
  const { steps } = await train({ folder, trainer: { deviceUse } });
  // What it is asked before the first step is about loading.
  expect(steps.map(({ device }) => device)).toEqual(
    steps.map(({ step }) => ({ dispatches: step, peakBytes: 100 * step })),
  );
  const { steps: uncounted } = await train({ folder: new URL("uncounted/", folder) });
  expect(uncounted.every((event) => !("device" in event))).toBe(true);
  await rm(folder, { recursive: true, force: true });
});
