/**
 * Creates checkpoints/mini-clip with mlan itself, by contrastive training on pictures and their content (arXiv
 * 2103.00020). In half of each batch, a scene differs from another scene in only one color, shape or place.
 * `npx tsx --conditions=@mlan/source tools/miniworld/pretrain-vision.ts`
 */
import { deriveSeed, type Random, seededRandom, writeFileAtomically } from "@mlan/core";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { unfoldPatches, visionHiddenStates } from "@mlan/model-llava";
import { writeSafetensors } from "@mlan/safetensors";
import { applyAdamW } from "@mlan/fused-ops";
import { learningRateFactor } from "@mlan/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { choose } from "../../packages/data-miniworld/src/choose.ts";
import { PICTURE_SIZE, picturePixels } from "../../packages/data-miniworld/src/picture.ts";
import { GRID, randomScene, type Scene, sceneKey } from "../../packages/data-miniworld/src/scene.ts";
import { drawFrom } from "../../packages/data-miniworld/src/split.ts";
import { COLORS, SHAPES } from "../../packages/data-miniworld/src/thing.ts";
import { CONFIGURATION, PREPROCESSOR, randomTower, SIZES, Variables } from "./clip-layout.ts";

const SEED = 1;
const STEPS = Number(process.argv[2] ?? 2500);
const PAIRS = 32;
const LEARNING_RATE = 2e-3;
const CELLS = GRID * GRID;
const MOST_THINGS = 4;
const FEATURES = COLORS.length + SHAPES.length + CELLS;
const JOINT = 64;

await import("@tensorflow/tfjs-layers"); // registers the gradients
await useOnnxBackend();

const { tower, variables: towerVariables } = randomTower(SEED);
const postNorm = {
  weight: variableOf("vision_model.post_layernorm.weight"),
  bias: variableOf("vision_model.post_layernorm.bias"),
};
const heads = new Variables(deriveSeed(SEED, "heads"));
const visionHead = heads.random<tf.Rank.R2>("vision", [SIZES.hiddenSize, JOINT], 0.125);
const phraseIn = heads.random<tf.Rank.R2>("phrase in", [FEATURES, 128], 0.3);
const phraseBias = heads.vector("phrase bias", 128, 0);
const phraseMiddle = heads.random<tf.Rank.R2>("phrase middle", [128, 128], 0.09);
const phraseOut = heads.random<tf.Rank.R2>("phrase out", [128, JOINT], 0.09);
const logScale = heads.vector("log scale", 1, Math.log(10));

const variables = [...towerVariables.values(), ...heads.all.values()];
const states = variables.map((variable) => ({
  variable,
  firstMoment: tf.variable(tf.zeros(variable.shape), false),
  secondMoment: tf.variable(tf.zeros(variable.shape), false),
  weightDecay: 0,
}));

const curve: Record<string, number>[] = [];
for (let step = 1; step <= STEPS; step++) {
  const scenes = batchOfScenes(seededRandom(deriveSeed(SEED, `batch ${step}`)));
  const patches = patchesOf(scenes, step);
  const { phrases, mask } = phrasesOf(scenes);
  const { value, grads } = tf.variableGrads(() => contrast(patches, phrases, mask), variables);
  applyAdamW(
    states,
    variables.map((variable) => grads[variable.name]),
    {
      step,
      learningRate: LEARNING_RATE * learningRateFactor(step - 1, STEPS, 0.03),
    },
  );
  const [loss = Number.NaN] = await value.data();
  tf.dispose([value, grads, patches, phrases, mask]);
  if (step % 50 !== 0) continue;
  curve.push({ step, loss: Number(loss.toFixed(4)) });
  console.log(step, loss.toFixed(4));
}
await publish();

/**
 * Returns the symmetric cross-entropy of matching pictures with scenes. Shapes of the arguments: [images * patches,
 * pixels], [images * 4, features], [images, 4, 1].
 */
function contrast(patches: tf.Tensor2D, phrases: tf.Tensor2D, mask: tf.Tensor3D): tf.Scalar {
  const images = mask.shape[0];
  const states = tf.reshape(visionHiddenStates(tower, patches, SIZES.layers), [images, CELLS + 1, SIZES.hiddenSize]);
  const token = tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [images, 1, SIZES.hiddenSize]), [
    images,
    SIZES.hiddenSize,
  ]);
  const pictures = normalize(tf.matMul(layerNorm(token), visionHead));
  const first = tf.relu(tf.add(tf.matMul(phrases, phraseIn), phraseBias));
  const encoded = tf.reshape(tf.relu(tf.matMul(first, phraseMiddle)), [images, MOST_THINGS, 128]);
  const texts = normalize(tf.matMul(tf.sum<tf.Tensor2D>(tf.mul(encoded, mask), 1), phraseOut));
  const logits = tf.mul<tf.Tensor2D>(tf.matMul(pictures, texts, false, true), tf.exp(logScale));
  const diagonal = tf.eye(images);
  const matched = (rows: tf.Tensor2D): tf.Scalar =>
    tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(rows), diagonal)), images));
  return tf.div(tf.add(matched(logits), matched(tf.transpose(logits))), 2);
}

function layerNorm(input: tf.Tensor2D): tf.Tensor2D {
  const centered = tf.sub(input, tf.mean(input, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), SIZES.normEpsilon));
  return tf.add(tf.mul(tf.mul(centered, inverse), postNorm.weight), postNorm.bias);
}

function normalize(input: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(input, tf.rsqrt(tf.add(tf.sum(tf.square(input), 1, true), 1e-8)));
}

/** Draws pairs of scenes that differ in one respect. Scenes of the benchmarks never occur. */
function batchOfScenes(random: Random): Scene[] {
  return Array.from({ length: PAIRS }, () => {
    const scene = drawFrom("training", () => randomScene(random, [1, 2, 3, 4]), sceneKey);
    return [scene, drawFrom("training", () => altered(random, scene), sceneKey)];
  }).flat();
}

function altered(random: Random, scene: Scene): Scene {
  const which = random.below(scene.length);
  const respect = random.below(3);
  return scene.map((thing, index) => {
    if (index !== which) return thing;
    if (respect === 0)
      return {
        ...thing,
        color: choose(
          random,
          COLORS.filter((color) => color !== thing.color),
        ),
      };
    if (respect === 1)
      return {
        ...thing,
        shape: choose(
          random,
          SHAPES.filter((shape) => shape !== thing.shape),
        ),
      };
    const free = Array.from({ length: CELLS }, (_, cell) => cell).filter(
      (cell) => !scene.some((other) => other.cell === cell),
    );
    return { ...thing, cell: choose(random, free) };
  });
}

function patchesOf(scenes: readonly Scene[], step: number): tf.Tensor2D {
  const perImage = PICTURE_SIZE * PICTURE_SIZE * 3;
  const target = new Float32Array(scenes.length * perImage);
  for (const [index, scene] of scenes.entries()) {
    const bytes = picturePixels(seededRandom(deriveSeed(SEED, `picture ${step} ${index}`)), scene);
    unfoldPatches(SIZES, channelsFirst(bytes), target, index * perImage);
  }
  return tf.tensor2d(target, [scenes.length * CELLS, perImage / CELLS]);
}

function channelsFirst(bytes: Uint8ClampedArray): Float32Array {
  const size = PICTURE_SIZE * PICTURE_SIZE;
  return Float32Array.from({ length: size * 3 }, (_, index) => {
    const channel = Math.floor(index / size);
    const value = (bytes[(index % size) * 3 + channel] ?? 0) / 255;
    return (value - (PREPROCESSOR.image_mean[channel] ?? 0)) / (PREPROCESSOR.image_std[channel] ?? 1);
  });
}

/**
 * Returns color, shape and place of each thing as one-hot values, and which of the four slots for things are filled.
 */
function phrasesOf(scenes: readonly Scene[]): { readonly phrases: tf.Tensor2D; readonly mask: tf.Tensor3D } {
  const phrases = new Float32Array(scenes.length * MOST_THINGS * FEATURES);
  const mask = new Float32Array(scenes.length * MOST_THINGS);
  for (const [image, scene] of scenes.entries()) {
    for (const [index, { color, shape, cell }] of scene.entries()) {
      const row = image * MOST_THINGS + index;
      mask[row] = 1;
      const places = [
        COLORS.indexOf(color),
        COLORS.length + SHAPES.indexOf(shape),
        COLORS.length + SHAPES.length + cell,
      ];
      for (const place of places) phrases[row * FEATURES + place] = 1;
    }
  }
  return {
    phrases: tf.tensor2d(phrases, [scenes.length * MOST_THINGS, FEATURES]),
    mask: tf.tensor3d(mask, [scenes.length, MOST_THINGS, 1]),
  };
}

function variableOf(name: string): tf.Variable {
  const variable = towerVariables.get(name);
  if (!variable) throw new Error(`the tower has no ${name}`);
  return variable;
}

async function publish(): Promise<void> {
  const target = new URL("../../packages/data-miniworld/checkpoints/mini-clip/", import.meta.url);
  const tensors = [...towerVariables].map(([name, variable]) => ({
    name,
    shape: variable.shape,
    dtype: "F32" as const,
    data: () => variable.data<"float32">(),
  }));
  await writeSafetensors(new URL("model.safetensors", target), tensors);
  const write = (name: string, value: unknown): Promise<void> =>
    writeFileAtomically(new URL(name, target), `${JSON.stringify(value, undefined, 1)}\n`);
  await write("config.json", CONFIGURATION);
  await write("preprocessor_config.json", PREPROCESSOR);
  await write("pretraining.json", {
    command: "npx tsx --conditions=@mlan/source tools/miniworld/pretrain-vision.ts",
    seed: SEED,
    steps: STEPS,
    batch: PAIRS * 2,
    learningRate: LEARNING_RATE,
    curve,
  });
}
