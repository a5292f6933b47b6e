import { deriveSeed, type Random, seededRandom } from "@mlan/core";
import { encode } from "fast-png";
import { GRID, type PlacedThing, type Scene } from "./scene.ts";
import type { Color, Shape } from "./thing.ts";

/** Side lengths, in pixels, of a picture and of one of its cells. */
export const PICTURE_SIZE = 48;
const CELL_SIZE = PICTURE_SIZE / GRID;

/** Draws a scene as an RGB PNG. */
function drawPicture(random: Random, scene: Scene): Uint8Array {
  return encode({
    width: PICTURE_SIZE,
    height: PICTURE_SIZE,
    channels: 3,
    depth: 8,
    data: picturePixels(random, scene),
  });
}

/** Returns the picture with this name in the world with this seed. */
export function pictureOf(seed: number, name: string, scene: Scene): Uint8Array {
  return drawPicture(seededRandom(deriveSeed(seed, `picture ${name}`)), scene);
}

/** Draws a scene as RGB bytes, row by row. Position in the cell, size, shade, background and noise vary. */
export function picturePixels(random: Random, scene: Scene): Uint8ClampedArray {
  const pixels = background(random);
  for (const thing of scene) paint(pixels, random, thing);
  const noise = 3 + random.next() * 5;
  for (let index = 0; index < pixels.length; index++)
    pixels[index] = (pixels[index] ?? 0) + (random.next() * 2 - 1) * noise;
  return Uint8ClampedArray.from(pixels);
}

const PAINT: Readonly<Record<Color, readonly [number, number, number]>> = {
  red: [220, 40, 40],
  green: [40, 170, 60],
  blue: [50, 80, 230],
  yellow: [240, 220, 50],
  purple: [160, 60, 190],
  white: [250, 250, 250],
};

/** Whether a point is inside a shape; coordinates are relative to the center, in units of the radius. */
const INSIDE: Readonly<Record<Shape, (x: number, y: number) => boolean>> = {
  circle: (x, y) => x * x + y * y <= 1,
  square: (x, y) => Math.abs(x) <= 0.85 && Math.abs(y) <= 0.85,
  triangle: (x, y) => y <= 0.85 && y >= 2 * Math.abs(x) - 1,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) <= 0.28 && Math.max(Math.abs(x), Math.abs(y)) <= 1,
  ring: (x, y) => x * x + y * y <= 1 && x * x + y * y >= 0.3,
};

function background(random: Random): Float32Array {
  const level = 30 + random.next() * 50;
  return new Float32Array(PICTURE_SIZE * PICTURE_SIZE * 3).fill(level);
}

/** Draws a thing into its cell, anti-aliased by the share of 3 x 3 sample points inside its outline. */
function paint(pixels: Float32Array, random: Random, thing: PlacedThing): void {
  const left = (thing.cell % GRID) * CELL_SIZE;
  const top = Math.floor(thing.cell / GRID) * CELL_SIZE;
  const radius = 3.6 + random.next() * 1.4;
  const play = CELL_SIZE / 2 - radius - 0.2;
  const x = left + CELL_SIZE / 2 + (random.next() * 2 - 1) * play;
  const y = top + CELL_SIZE / 2 + (random.next() * 2 - 1) * play;
  const shade = 0.8 + random.next() * 0.2;
  const isInside = (px: number, py: number): boolean => INSIDE[thing.shape]((px - x) / radius, (py - y) / radius);
  for (let row = top; row < top + CELL_SIZE; row++) {
    for (let column = left; column < left + CELL_SIZE; column++) {
      const share = coverage(isInside, column, row);
      for (const [channel, value] of PAINT[thing.color].entries()) {
        const at = (row * PICTURE_SIZE + column) * 3 + channel;
        pixels[at] = (pixels[at] ?? 0) * (1 - share) + value * shade * share;
      }
    }
  }
}

function coverage(inside: (x: number, y: number) => boolean, left: number, top: number): number {
  let hits = 0;
  for (const dx of SAMPLES) for (const dy of SAMPLES) if (inside(left + dx, top + dy)) hits++;
  return hits / SAMPLES.length ** 2;
}

const SAMPLES = [1 / 6, 1 / 2, 5 / 6];
