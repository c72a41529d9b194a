import { SingleBar } from 'cli-progress';

/** Tells a person how far a fetch is. */
export interface Progress {
  line(text: string): void;
  /** @param haveBytes what an earlier, interrupted download left */
  begin(name: string, totalBytes: number, haveBytes: number): DownloadProgress;
}

export interface DownloadProgress {
  at(bytes: number): void;
  /** A line that does not spoil the bar. */
  note(text: string): void;
  /** Safe to call twice. */
  end(): void;
}

/** A bar on a terminal; plain lines, one for each tenth, where `stream` is none (a log, a pipe, CI). */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const line = (text: string) => void stream.write(`${text}\n`);
  return {
    line,
    begin: (name, totalBytes, haveBytes) =>
      stream.isTTY ? bar(stream, name, totalBytes, haveBytes) : plainLines(line, name, totalBytes, haveBytes),
  };
}

export const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** MB/s since now, of what comes beyond `haveBytes`. */
function speedometer(haveBytes: number): (bytes: number) => string {
  const startMs = performance.now();
  return (bytes) => megabytes((bytes - haveBytes) / Math.max(0.001, (performance.now() - startMs) / 1000));
}

function bar(stream: NodeJS.WriteStream, name: string, totalBytes: number, haveBytes: number): DownloadProgress {
  const speed = speedometer(haveBytes);
  const single = new SingleBar({
    stream,
    format: '{name} {bar} {percentage} % | {megabytes} of {total_megabytes} MB | {speed} MB/s',
    barsize: 24,
    hideCursor: true,
    barCompleteChar: '\u2588',
    barIncompleteChar: '\u2591',
  });
  const payload = (bytes: number) => ({
    name,
    megabytes: megabytes(bytes),
    total_megabytes: megabytes(totalBytes),
    speed: speed(bytes),
  });
  let shownBytes = haveBytes;
  const start = () => single.start(totalBytes, shownBytes, payload(shownBytes));
  start();
  return {
    at(bytes) {
      shownBytes = bytes;
      single.update(bytes, payload(bytes));
    },
    note(text) {
      single.stop();
      stream.write(`${text}\n`);
      start();
    },
    end: () => single.stop(),
  };
}

function plainLines(line: (text: string) => void, name: string, totalBytes: number, haveBytes: number): DownloadProgress {
  const speed = speedometer(haveBytes);
  let tenth = Math.floor((10 * haveBytes) / totalBytes);
  line(
    haveBytes === 0
      ? `${name}: fetching ${megabytes(totalBytes)} MB`
      : `${name}: continuing at ${megabytes(haveBytes)} of ${megabytes(totalBytes)} MB`,
  );
  return {
    at(bytes) {
      const reached = Math.floor((10 * bytes) / totalBytes);
      if (reached <= tenth) return;
      tenth = reached;
      line(`${name}: ${reached * 10} %, ${megabytes(bytes)} of ${megabytes(totalBytes)} MB, ${speed(bytes)} MB/s`);
    },
    note: line,
    end: () => undefined,
  };
}
