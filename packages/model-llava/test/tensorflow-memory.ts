import { resetTensorFlowPeak, tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import { type LanguageConfig, predictTrainingMemory, type TrainingPrecision } from "@mlan/model-llava";
import "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import { LANGUAGE } from "./synthetic-training.ts";
import { memoryCases, trainingStep } from "./training-step.ts";

/** Sizes whose matrices are large enough for 16 bits. */
const LARGER: LanguageConfig = {
  ...LANGUAGE,
  hiddenSize: 128,
  intermediateSize: 344,
  headDimension: 32,
  vocabularySize: 500,
};

/** Compares predicted memory with the bytes that the backend `tensorflow` counts on its CPU. */
export function describeTensorFlowMemory(precision: TrainingPrecision): void {
  describeWithTensorFlow(`predicted memory of a training step on tensorflow in ${precision}`, () => {
    const ratios: number[] = [];
    beforeAll(() => useTensorFlowBackend({ device: "cpu", threads: 2, precision }));
    afterAll(() => {
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3));
      console.info(`${precision}: ${ratios.length} predictions are ${least} to ${most} times what was measured`);
    });

    it.each(memoryCases(LARGER, 96))("is what $name takes, learning $trained, $how", async ({ sizes }) => {
      const before = tensorFlowStatistics()?.bytes ?? NaN;
      const step = trainingStep(sizes);
      // The first update creates the variables that later updates use.
      await step.run();
      await step.run();
      resetTensorFlowPeak();
      await step.run();
      const measured = (tensorFlowStatistics()?.peakBytes ?? NaN) - before;
      step.dispose();
      const { total } = predictTrainingMemory({ ...sizes, precision });
      ratios.push(total / measured);
      expect(Math.abs(total / measured - 1)).toBeLessThan(0.1);
    });
  });
}
