import { decode } from "fast-png";

export interface SeenThing {
  readonly color: string;
  readonly shape: string;
  readonly row: number;
  readonly column: number;
}

/** Returns color and shape of everything in a picture, found only from its pixels: 4 x 4 cells of 12 x 12 pixels. */
export function readScene(file: Uint8Array): readonly SeenThing[] {
  const { data, width } = decode(file);
  const cells = Array.from({ length: 16 }, (_, cell) => ({ row: Math.floor(cell / 4), column: cell % 4 }));
  return cells.flatMap(({ row, column }) => {
    const pixels = Array.from({ length: SIDE * SIDE }, (_, at) => {
      const start = ((row * SIDE + Math.floor(at / SIDE)) * width + column * SIDE + (at % SIDE)) * 3;
      return Array.from(data.slice(start, start + 3), Number);
    });
    const brightest = pixels.toSorted((one, other) => Math.max(...other) - Math.max(...one)).slice(0, 8);
    const paint = CHANNELS.map((channel) => mean(brightest.map((pixel) => pixel[channel] ?? 0)));
    if (Math.max(...paint) < 120) return [];
    return [{ row, column, color: colorOf(paint), shape: shapeOf(coverage(pixels, Math.max(...paint))) }];
  });
}

const SIDE = 12;
const NOISE = 16;
const CHANNELS = [0, 1, 2];
const STEPS = Array.from({ length: SIDE }, (_, step) => step);

/** Returns the color, from the channels with high values. */
function colorOf(paint: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = paint.map((value) => value / Math.max(...paint));
  if (Math.min(red, green, blue) > 0.8) return "white";
  if (red > 0.7 && green > 0.7) return "yellow";
  if (red > 0.7 && blue > 0.7) return "purple";
  if (red === 1) return "red";
  return green === 1 ? "green" : "blue";
}

/** Returns the painted share of each pixel, 0 to 1, row by row. The first pixel of a cell is background. */
function coverage(pixels: readonly (readonly number[])[], paint: number): readonly number[] {
  const background = Math.max(...(pixels[0] ?? []));
  return pixels.map((pixel) =>
    Math.min(1, Math.max(0, (Math.max(...pixel) - background - NOISE) / (paint - background - NOISE))),
  );
}

/**
 * Returns the shape. A ring has a hole, and a triangle has more pixels in its lower half. Of the others, a square fills
 * most of its bounding box and corners, then a circle, then a cross.
 */
function shapeOf(covered: readonly number[]): string {
  const at = (x: number, y: number): number => covered[y * SIDE + x] ?? 0;
  const rows = STEPS.map((y) => sum(STEPS.map((x) => at(x, y))));
  const columns = STEPS.map((x) => sum(STEPS.map((y) => at(x, y))));
  const weight = sum(rows);
  const middle = (lines: readonly number[]): number => sum(lines.map((line, step) => line * step)) / weight;
  const [x, y] = [middle(columns), middle(rows)].map(Math.round);
  if (at(x ?? 0, y ?? 0) < 0.5) return "ring";
  const [middleX, middleY] = [middle(columns), middle(rows)];
  const spread = (powerX: number, powerY: number): number =>
    sum(STEPS.flatMap((py) => STEPS.map((px) => at(px, py) * (px - middleX) ** powerX * (py - middleY) ** powerY))) /
    weight;
  if (spread(0, 3) / spread(0, 2) ** 1.5 < -0.25) return "triangle";
  const corners = spread(2, 2) / (spread(2, 0) * spread(0, 2));
  const filled = weight / (Math.max(...rows) * Math.max(...columns));
  if (corners + filled > 1.74) return "square";
  if (corners + filled > 1.04) return "circle";
  return "cross";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
