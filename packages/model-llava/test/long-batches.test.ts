import { embedding, registerGradients, tokenLogProbabilities, valueAndGradients } from "@mlan/fused-ops";
import { hiddenStates, type LlavaNetwork, selection, type Selection } from "@mlan/model-llava";
import { logits } from "#internal/network/decoder.ts";
import { logProbabilitiesOf, meanCrossEntropy } from "#internal/network/token-losses.ts";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { expectClose } from "./expect-close.ts";
import { LANGUAGE, syntheticTraining, VISION } from "./synthetic-training.ts";
import { compute } from "./tiny-llava.ts";

const SIZES = { language: { ...LANGUAGE, layers: 2 }, vision: VISION, rows: 1, images: 0, supervised: 1 };

beforeAll(async () => {
  registerGradients();
  await compute.open();
});

describe("a row whose attention is computed block by block", () => {
  it("begins with the hidden states of its beginning", () => {
    const training = syntheticTraining({ ...SIZES, length: 1 });
    const states = (length: number): tf.Tensor2D => {
      const tokenIds = tf.tensor1d(
        Int32Array.from({ length }, (_, index) => (index * 11) % 96),
        "int32",
      );
      return hiddenStates(training.network, { rows: 1, length, tokenIds });
    };
    const [long, short] = tf.tidy(() => [states(1500).dataSync(), states(150).dataSync()]);
    expectClose(long.subarray(0, short.length), short, 4);
    expect(Math.max(...short.map(Math.abs))).toBeGreaterThan(0.5);
    training.dispose();
  });
});

describe.each([{ tiedEmbeddings: false }, { tiedEmbeddings: true }])(
  "logits for some positions at a time, $tiedEmbeddings",
  ({ tiedEmbeddings }) => {
    const count = 150;
    const atOnce = 40;

    function withSelection(work: (network: LlavaNetwork, hidden: tf.Tensor2D, selected: Selection) => void): void {
      const language = { ...SIZES.language, tiedEmbeddings };
      const training = syntheticTraining({ ...SIZES, language, length: 1 });
      const { variables, end } = training.learn("language");
      const targets = Array.from({ length: count }, (_, position) => ({ position, token: (position * 37) % 96 }));
      const selected = selection(targets, count);
      const hidden = tf.randomUniform<tf.Rank.R2>([selected.positions.size, LANGUAGE.hiddenSize], -1, 1, "float32", 3);
      tf.tidy(() => {
        const { norm, head } = training.network.decoder;
        const learning = variables.filter((variable) =>
          [norm.tensor, ...head.weights.map(({ tensor }) => tensor)].some(({ dataId }) => dataId === variable.dataId),
        );
        expect(learning).toHaveLength(2);
        work(training.network, hidden, selected);
      });
      end();
      training.dispose();
    }

    /**
     * Returns a loss, and its gradients with respect to hidden states and the weights of norm and output layer, as
     * numbers.
     */
    function results(network: LlavaNetwork, hidden: tf.Tensor2D, loss: (rows: tf.Tensor2D) => tf.Scalar): number[][] {
      const { norm, head } = network.decoder;
      const inputs = [hidden, norm.tensor, ...head.weights.map(({ tensor }) => tensor)];
      const all = tf.range(0, hidden.shape[0], 1, "int32") as tf.Tensor1D;
      const { value, gradients } = valueAndGradients(() => loss(embedding(hidden, all)), inputs);
      return [value, ...gradients].map((tensor) => [...(tensor?.dataSync() ?? [])]);
    }

    it("give the loss and the gradients that all logits give at once", () => {
      withSelection((network, hidden, selected) => {
        const { decoder } = network;
        const own = results(network, hidden, (rows) => meanCrossEntropy(decoder, rows, selected, { rows: atOnce }));
        const expected = results(network, hidden, (rows) => {
          const each = tokenLogProbabilities(logits(decoder, rows), selected.targets);
          return tf.neg(tf.sum(tf.mul(each, selected.weights)));
        });
        expect(own).toHaveLength(4);
        own.forEach((values, place) => {
          const largest = expected[place]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          expect(largest).toBeGreaterThan(0);
          const differences = values.map((value, index) => Math.abs(value - expected[place]![index]!));
          expect(differences.reduce((most, value) => Math.max(most, value), 0)).toBeLessThan(1e-5 * largest);
        });
      });
    });

    it("give the same log-probabilities", () => {
      withSelection(({ decoder }, hidden, { targets }) => {
        const own = logProbabilitiesOf(decoder, hidden, targets, atOnce).dataSync();
        const expected = tokenLogProbabilities(logits(decoder, hidden), targets).dataSync();
        expectClose(own, expected, 5);
      });
    });
  },
);
