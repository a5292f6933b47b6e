/** An RGB image with 8 bits per channel, rows from the top, channels interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** The values [height, width, 3]. */
  readonly data: Uint8Array;
}

export const CHANNELS = 3;
