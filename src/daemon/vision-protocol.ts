import type { Frame } from '../camera/frame.js';
import type { Detection, Face } from '../faces/face.js';
import type { ModelEntry } from '../inference/manifest.js';
import type { StageTimes, Vision, VisionSettings } from '../vision.js';

/** What can be asked of it, and with which arguments behind the frame. */
export type VisionQuestion =
  | { readonly ask: 'detect' }
  | { readonly ask: 'observe'; readonly detection: Detection }
  | { readonly ask: 'follow'; readonly before: Face; readonly decided: boolean };

export type VisionAnswer = Awaited<ReturnType<Vision['detect' | 'observe' | 'follow']>>;

/** A frame whose pixels are the first bytes of shared memory. */
export type FrameInMemory = Omit<Frame, 'rgb'> & { readonly pixels: SharedArrayBuffer; readonly bytes: number };

/** First `open`, last `release`. */
export type ToVisionThread =
  | { readonly ask: 'open'; readonly settings: VisionSettings }
  | (VisionQuestion & { readonly frame: FrameInMemory })
  | { readonly ask: 'release' };

/** One answer to each question but `release`, in their order; to `open`, `opened`. */
export type FromVisionThread =
  | { readonly tell: 'opened'; readonly encoder: ModelEntry }
  | { readonly tell: 'answer'; readonly answer: VisionAnswer; readonly times: StageTimes }
  | { readonly tell: 'failed'; readonly message: string; readonly code?: string }
  | { readonly tell: 'log'; readonly level: 'info' | 'warn'; readonly fields: object; readonly message: string };
