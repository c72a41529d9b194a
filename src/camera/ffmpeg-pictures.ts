/** How the frames shall be that come out of ffmpeg. */
export interface FfmpegOutput {
  readonly fps: number;
  /** Frames are scaled down to fit, never up. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rotateDeg: 0 | 90 | 180 | 270;
  readonly mirror: boolean;
  /** Shares of the upright picture. */
  readonly region: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}

/** Before everything else. */
export const QUIETLY: readonly string[] = ['-hide_banner', '-nostdin', '-loglevel', 'error'];

// What a live source says of its time is not relied upon: MJPEG carries none, and ffmpeg would round to 1/25 s.
const ARRIVAL_TIME = 'settb=1/1000,setpts=(RTCTIME-RTCSTART)/1000';

/**
 * What follows the input: its pictures upright, mirrored, cut, scaled and at this rate at most, as PPM on standard output.
 * @param live the pictures come when they are taken: their time is that of their arrival
 */
export function pictureArguments(output: FfmpegOutput, live: boolean): string[] {
  const { fps, widthPx, heightPx } = output;
  const filters = [
    ...(live ? [ARRIVAL_TIME] : []),
    // One frame for each period, or after 0.85 periods (a source of the same rate may come unevenly), and none twice: -r alone
    // repeats the frames of a slow source, and each repetition would cost an inference. Unequal instead of greater: a clock
    // that is set back must not stop the picture.
    `select='not(eq(round(t*${fps}),round(prev_selected_t*${fps})))+gte(t-prev_selected_t,${0.85 / fps})'`,
    `setpts=N/(${fps}*TB)`,
    ...orientation(output),
    `scale=w='min(iw,${widthPx})':h='min(ih,${heightPx})':force_original_aspect_ratio=decrease:flags=bilinear`,
  ];
  return [
    ...['-map', '0:v:0', '-an', '-sn', '-dn', '-filter_threads', '1', '-vf', filters.join(','), '-r', String(fps)],
    // One thread: encoders that work on several frames at once deliver each of them later. Flushed: the end of a picture must
    // not wait in a buffer for the next one.
    ...['-threads', '1', '-c:v', 'ppm', '-pix_fmt', 'rgb24', '-f', 'image2pipe', '-flush_packets', '1', 'pipe:1'],
  ];
}

const TURNS = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] } as const;

/** The picture upright, then mirrored, then the part of it that is looked at. */
function orientation({ rotateDeg, mirror, region: { left, top, width, height } }: FfmpegOutput): string[] {
  const whole = width === 1 && height === 1;
  return [
    ...TURNS[rotateDeg],
    ...(mirror ? ['hflip'] : []),
    ...(whole ? [] : [`crop=w=iw*${width}:h=ih*${height}:x=iw*${left}:y=ih*${top}`]),
  ];
}
