import type { Frame } from '../../src/camera/frame.js';
import type { Point } from '../../src/faces/face.js';

/** A photograph as a surface in space. Places on it are pixels of the photograph, from `centre`. */
export interface Surface {
  readonly photo: Frame;
  readonly centre: Point;
  /** How far a place stands out towards the camera, in pixels of the photograph; a flat picture without it. */
  readonly depthAt?: (u: number, v: number) => number;
  /** The picture ends so far from the centre (a cut-out print, a phone); beyond is background. */
  readonly halfWidth?: number;
  readonly halfHeight?: number;
}

/** How the surface is held before the camera. Angles as in Pose; `scale` frame pixels for one of the photograph. */
export interface Placement {
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  readonly scale: number;
  readonly dxPx: number;
  readonly dyPx: number;
}

export interface Look {
  /** Moves the place that is sampled: eyelids that close. */
  readonly texture?: (u: number, v: number) => readonly [u: number, v: number];
  /** Covers places of the frame's surface: a finger, a pen. */
  readonly cover?: (u: number, v: number) => readonly [r: number, g: number, b: number] | undefined;
  /** Standard deviation of the sensor's noise, 0..255. */
  readonly noise: number;
  readonly random: () => number;
}

const WIDTH = 640;
const HEIGHT = 480;
/** Focal length and distance in pixels: a 75 degree lens and a face an arm's length away. */
const FOCAL = 420;
const DISTANCE = 420;
/** The mapping is solved on a grid this coarse and interpolated in between. */
const GRID = 4;
const BACKGROUND = [96, 104, 112] as const;

type Matrix = readonly (readonly [number, number, number])[];

/** What a camera sees of the surface: a pinhole projection with perspective, solved backwards for every pixel. */
export function render(surface: Surface, placement: Placement, look: Look): Frame {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  const columns = WIDTH / GRID + 1;
  const grid = new Float32Array(columns * (HEIGHT / GRID + 1) * 2);
  const toSurface = backProjection(surface, placement);
  for (let gy = 0; gy <= HEIGHT / GRID; gy++) {
    for (let gx = 0; gx < columns; gx++) grid.set(toSurface(gx * GRID, gy * GRID), (gy * columns + gx) * 2);
  }
  for (let y = 0; y < HEIGHT; y++) {
    const gy = Math.floor(y / GRID);
    const down = y / GRID - gy;
    for (let x = 0; x < WIDTH; x++) {
      const gx = Math.floor(x / GRID);
      const across = x / GRID - gx;
      const i = (gy * columns + gx) * 2;
      const j = i + columns * 2;
      const at = (k: number) =>
        (grid[i + k] * (1 - across) + grid[i + 2 + k] * across) * (1 - down) +
        (grid[j + k] * (1 - across) + grid[j + 2 + k] * across) * down;
      paint(surface, look, at(0), at(1), rgb, (y * WIDTH + x) * 3);
    }
  }
  return { rgb, widthPx: WIDTH, heightPx: HEIGHT, capturedAtMs: 0, sequence: 1, source: 'moving picture' };
}

function paint(surface: Surface, look: Look, u: number, v: number, rgb: Uint8Array, to: number): void {
  const { photo, centre, halfWidth = Infinity, halfHeight = Infinity } = surface;
  const [su, sv] = look.texture?.(u, v) ?? [u, v];
  const x = su + centre.x;
  const y = sv + centre.y;
  const outside =
    !(x >= 0 && y >= 0 && x < photo.widthPx - 1 && y < photo.heightPx - 1) || Math.abs(u) > halfWidth || Math.abs(v) > halfHeight;
  const covered = look.cover?.(u, v);
  // Three uniform numbers make a passable bell curve with a deviation of a half.
  const noise = (look.random() + look.random() + look.random() - 1.5) * 2 * look.noise;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const i = (top * photo.widthPx + left) * 3;
  const j = i + photo.widthPx * 3;
  for (let k = 0; k < 3; k++) {
    let value: number = BACKGROUND[k];
    if (covered) value = covered[k];
    else if (!outside) {
      const upper = photo.rgb[i + k] * (1 - x + left) + photo.rgb[i + 3 + k] * (x - left);
      const lower = photo.rgb[j + k] * (1 - x + left) + photo.rgb[j + 3 + k] * (x - left);
      value = upper * (1 - y + top) + lower * (y - top);
    }
    rgb[to + k] = Math.max(0, Math.min(255, value + noise));
  }
}

/** Where on the surface a pixel of the frame looks; a surface with depth needs some rounds, since depth moves the place. */
function backProjection({ depthAt }: Surface, { yawDeg, pitchDeg, rollDeg, scale, dxPx, dyPx }: Placement) {
  const m = rotation(yawDeg, pitchDeg, rollDeg);
  return (x: number, y: number): readonly [number, number] => {
    const a = (x - WIDTH / 2 - dxPx) / FOCAL;
    const b = (y - HEIGHT / 2 - dyPx) / FOCAL;
    // scale (m0 p) = a (DISTANCE - scale (m2 p)), and the same with b: two equations for u and v once z is known.
    const [p, q, r] = [0, 1, 2].map((k) => scale * (m[0][k] + a * m[2][k]));
    const [s, t, w] = [0, 1, 2].map((k) => scale * (m[1][k] + b * m[2][k]));
    const determinant = p * t - q * s;
    let z = 0;
    let u = 0;
    let v = 0;
    for (let round = 0; round < (depthAt ? 12 : 1); round++) {
      const c = a * DISTANCE - r * z;
      const d = b * DISTANCE - w * z;
      u = (c * t - q * d) / determinant;
      v = (p * d - s * c) / determinant;
      if (depthAt) z += (depthAt(u, v) - z) * 0.6;
    }
    return [u, v];
  };
}

/** Columns x right, y down, z towards the camera; the same convention as faces/pose.ts. */
export function rotation(yawDeg: number, pitchDeg: number, rollDeg: number): Matrix {
  const [cy, cp, cr] = [yawDeg, pitchDeg, rollDeg].map((degrees) => Math.cos((degrees * Math.PI) / 180));
  const [sy, sp, sr] = [yawDeg, pitchDeg, rollDeg].map((degrees) => Math.sin((degrees * Math.PI) / 180));
  return [
    [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
    [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
    [-sy, cy * sp, cy * cp],
  ];
}
