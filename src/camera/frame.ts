/** One picture from a camera. */
export interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  /** sRGB, three bytes a pixel (R, G, B), rows from the top without padding: widthPx * heightPx * 3 bytes. */
  readonly rgb: Uint8Array;
  /** Monotonic time of capture (Clock.monotonicMs). */
  readonly capturedAtMs: number;
  /** Counts up from 1 within one camera; gaps are frames that were passed over for newer ones. */
  readonly sequence: number;
  /** What a person would call it: a file name or a device. */
  readonly source: string;
}

/** A decoded picture: a frame without its time and place. */
export type Picture = Pick<Frame, 'widthPx' | 'heightPx' | 'rgb'>;

export interface PictureLimits {
  /** The largest width times height that is decoded. */
  readonly maxPixels: number;
}
