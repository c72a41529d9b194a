import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--enable-logging=stderr',
];

/** Says why tests are left out, and whether they are: for `describe.skipIf`. */
export function missingBrowser(): boolean {
  if (spawnSync('chromium', ['--version']).status === 0) return false;
  console.warn('skipped: tests in a browser (no "chromium" on the path)');
  return true;
}

export interface Seen {
  /** The document after it was loaded, as the browser has it. */
  readonly dom: string;
  /** What the page, or the browser about it, said on the console. */
  readonly console: readonly string[];
  /** A PNG of the window. */
  readonly screenshot: Buffer;
}

/** Opens a file in a fresh browser of this window. */
export async function look(path: string, widthPx: number, heightPx: number): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-chromium-'));
  try {
    const picture = join(folder, 'screenshot.png');
    const common = [...flags, `--user-data-dir=${join(folder, 'profile')}`, `--window-size=${widthPx},${heightPx}`];
    const { stdout, stderr } = await run([...common, '--dump-dom', `file://${path}`]);
    await run([...common, `--screenshot=${picture}`, `file://${path}`]);
    const said = stderr.split('\n').filter((line) => line.includes('CONSOLE'));
    return { dom: stdout, console: said, screenshot: await readFile(picture) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn('chromium', args);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve({ stdout, stderr }));
  });
}
