import { createHash } from "node:crypto";
import type { Location } from "@mlan/core";
import type { LoadPixels } from "../batch/input-tensors.ts";
import * as tf from "@tensorflow/tfjs-core";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { patchesPerImage } from "../config/vision-config.ts";
import { fingerprintNow } from "../fingerprint.ts";
import type { LlavaNetwork } from "../network/llava-network.ts";
import { patchFeatures, unfoldPatches } from "../network/vision-tower.ts";
import { type FeatureCache, featureCache } from "./feature-cache.ts";
import { type KnownImage, ofRequest } from "./image-set.ts";

/**
 * The vision tower's features of all images of one call. The features of each image are computed once, and freed after
 * their last use.
 */
export interface ImageFeatures {
  /**
   * Returns the features [n * patches, vision hidden] of the given images, where n is their number padded to a power of
   * two. Returns undefined without images. The caller disposes of the tensor.
   */
  take(images: readonly number[]): Promise<tf.Tensor2D | undefined>;
  dispose(): void;
}

export interface ImageFeaturesOptions {
  readonly network: LlavaNetwork;
  readonly images: readonly KnownImage[];
  /** For each image, the number of calls of {@link ImageFeatures.take} that will include it. */
  readonly uses: ReadonlyMap<number, number>;
  readonly loadPixels: LoadPixels;
  /** A JSON value of all settings that affect an image's pixels. */
  readonly pixelSettings: unknown;
  readonly cacheFolder?: Location;
}

export async function imageFeatures(options: ImageFeaturesOptions): Promise<ImageFeatures> {
  const { network, images, uses, loadPixels, pixelSettings, cacheFolder } = options;
  const { vision } = network;
  const left = new Map(uses);
  const known = new Map<number, tf.Tensor2D>();
  const cache = cacheFolder && featureCache(cacheFolder);
  if (!vision || images.length === 0) return { take: async () => undefined, dispose: () => {} };
  const { tower, selectLayer } = vision;
  const patches = patchesPerImage(tower.config);
  const shape: [number, number] = [patches, tower.config.hiddenSize];
  const towerFingerprint = cache && (await fingerprintOfTower(network));
  const keyOf = ({ hash }: KnownImage): string =>
    fingerprintNow(["mlan-features-3", hash, towerFingerprint, tower.config, selectLayer, pixelSettings]);

  return {
    async take(wanted) {
      if (wanted.length === 0) return undefined;
      await learn(wanted.filter((image) => !known.has(image)));
      const all = Array.from({ length: powerOfTwo(wanted.length) }, (_, index) => wanted[index] ?? wanted[0] ?? 0);
      const features = tf.tidy(() =>
        tf.concat(
          all.flatMap((image) => known.get(image) ?? []),
          0,
        ),
      );
      for (const image of wanted) {
        const more = (left.get(image) ?? 1) - 1;
        left.set(image, more);
        if (more > 0) continue;
        known.get(image)?.dispose();
        known.delete(image);
      }
      return features;
    },
    dispose() {
      for (const features of known.values()) features.dispose();
      known.clear();
    },
  };

  async function learn(missing: readonly number[]): Promise<void> {
    const unseen: number[] = [];
    for (const number of missing) {
      const image = images[number];
      const stored = cache && image && (await cache.read(keyOf(image), patches * shape[1]));
      if (stored) known.set(number, tf.tensor2d(stored, shape));
      else unseen.push(number);
    }
    if (unseen.length > 0) await compute(unseen);
  }

  async function compute(numbers: readonly number[]): Promise<void> {
    const width = 3 * tower.config.patchSize ** 2;
    const unfolded = new Float32Array(powerOfTwo(numbers.length) * patches * width);
    await Promise.all(
      numbers.map(async (number, place) => {
        const image = images[number];
        if (!image) return;
        const pixels = await ofRequest(image, () => loadPixels(image));
        unfoldPatches(tower.config, pixels, unfolded, place * patches * width);
      }),
    );
    const computed = tf.tidy(() => {
      const features = patchFeatures(tower, tf.tensor2d(unfolded, [unfolded.length / width, width]), selectLayer);
      return numbers.map((_, place) => tf.slice2d(features, [place * patches, 0], shape));
    });
    for (const [place, number] of numbers.entries()) {
      const features = computed[place];
      if (features) known.set(number, features);
    }
    if (cache) await store(cache, numbers);
    else await computeNow(computed[0]);
    // The tower is not needed while the language model answers, which takes the most memory.
    for (const weight of network.weights) if (weight.component === "vision") weight.releasePages();
  }

  async function store(into: FeatureCache, numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      const image = images[number];
      const values = await known.get(number)?.data<"float32">();
      if (image && values) await into.write(keyOf(image), values);
    }
  }
}

/**
 * Computes the features immediately. Otherwise a backend that compiles graphs would compile a graph for every
 * combination of new and cached images.
 */
async function computeNow(features: tf.Tensor2D | undefined): Promise<void> {
  if (!features) return;
  const one = tf.slice2d(features, [0, 0], [1, 1]);
  await one.data();
  one.dispose();
}

/** Returns a fingerprint of the values of the tower's weights. */
async function fingerprintOfTower({ weights }: LlavaNetwork): Promise<string> {
  const hash = createHash("sha256");
  for (const weight of weights) {
    if (weight.component !== "vision") continue;
    const values = await weight.read();
    hash.update(weight.name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
