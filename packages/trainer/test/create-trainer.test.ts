import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describeTrainerContract } from "@mlan/testing";
import { createTrainer } from "@mlan/trainer";

describeTrainerContract(
  createTrainer({
    name: "trainer on tfjs cpu",
    async useBackend() {
      await tf.setBackend("cpu");
    },
  }),
);
