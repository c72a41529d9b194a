import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident, strangers } from '../../scripts/demo/visitors.js';
import { facelatch } from '../support/cli.js';
import { samples } from '../support/photographs.js';

describe('the command line', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const run = (...args: string[]) => facelatch(folder, args);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-cli-'));
    await writeFile(file('ada.jpg'), await portrait(samples, resident.enrolled));
    await writeFile(file('ada-later.jpg'), await portrait(samples, resident.atTheDoor));
    await writeFile(file('stranger.jpg'), await portrait(samples, strangers[2], 0.3));
    await writeFile(file('other.jpg'), await portrait(samples, strangers[1], 0.3));
    await sharp({ create: { width: 300, height: 300, channels: 3, background: '#456' } })
      .jpeg()
      .toFile(file('nobody.jpg'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says what is missing before anybody is enrolled, and creates nothing by looking', async () => {
    const answer = await run('identify', 'ada.jpg');
    expect(answer.status).toBe(5);
    expect(answer.stderr).toMatch(/expected a people file at .*state\/people\.json, found none/);
  });

  it('identifies nobody in an empty people file', async () => {
    expect((await run('people', 'init')).status).toBe(0);
    expect((await run('people', 'list')).stdout).toBe('nobody is enrolled\n');
    const answer = await run('identify', 'ada.jpg', '--json');
    expect(answer.status).toBe(1);
    expect(JSON.parse(answer.stdout)).toMatchObject({ decision: 'denied', reason: 'unknown' });
  });

  it('enrolls from one photograph, knows the person on another, and denies a stranger', async () => {
    const enrolled = await run('enroll', 'Ada', 'ada.jpg', '--largest-face');
    expect(enrolled).toMatchObject({ status: 0, stdout: 'enrolled Ada (1 photograph, 1 templates in all)\n' });
    const known = await run('identify', 'ada-later.jpg');
    expect(known.stdout).toMatch(/^GRANTED {2}Ada\n.*distance +0\.[0-6]\d\d from Ada/);
    expect(known.stdout).toMatch(/decode .* ms, detect .* ms, landmarks .* ms, encode .* ms, match .* ms, total/);
    expect(known.status).toBe(0);
    const stranger = await run('identify', 'stranger.jpg');
    expect(stranger.status).toBe(1);
    expect(stranger.stdout).toMatch(/^DENIED/);
    // Whom a stranger resembles most is not told.
    expect(stranger.stdout).not.toContain('Ada');
  });

  it('verifies a claim: the stranger with the card of Ada is denied', async () => {
    const denied = await run('verify', 'Ada', 'stranger.jpg', '--json');
    expect(denied.status).toBe(1);
    expect(JSON.parse(denied.stdout)).toMatchObject({
      decision: 'denied',
      reason: 'too_far',
      mode: 'verification',
      claimed: { name: 'Ada' },
    });
    expect((await run('verify', 'ada', 'ada-later.jpg')).status).toBe(0);
    expect((await run('compare', 'ada.jpg', 'ada-later.jpg')).status).toBe(0);
    expect((await run('compare', 'ada.jpg', 'stranger.jpg')).status).toBe(1);
  });

  it('refuses to give a face a second name, unless forced', async () => {
    const answer = await run('enroll', 'Eva', 'ada-later.jpg', '--largest-face');
    expect(answer.status).toBe(3);
    expect(answer.stderr).toMatch(/expected a face that nobody else has, received one at distance 0\.\d+ from Ada/);
  });

  it('lists, shows, renames and removes people', async () => {
    expect((await run('enroll', 'Bob', 'other.jpg', '--largest-face')).status).toBe(0);
    const list = JSON.parse((await run('people', 'list', '--json')).stdout) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    expect(await run('people', 'rename', 'Bob', 'Robert')).toMatchObject({ status: 0, stdout: 'Bob is now Robert\n' });
    const shown = await run('people', 'show', 'Robert');
    expect(shown.stdout).toContain('mobilefacenet-arcface');
    expect(await run('people', 'show', 'Robet')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('did you mean "Robert"?'),
    });
    expect((await run('people', 'remove', 'Robert')).status).toBe(0);
    expect((await run('identify', 'other.jpg')).status).toBe(1);
  });

  it('explains what is wrong with a picture', async () => {
    await copyFile(file('ada.jpg'), file('truncated.jpg'));
    await truncate(file('truncated.jpg'), 4_000);
    await writeFile(file('text.jpg'), 'this is not a picture');
    // 20,000 x 20,000 pixels in some kilobytes: refused from its header.
    await promisify(execFile)(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import sharp from 'sharp'; await sharp({ create: { width: 20000, height: 20000, channels: 3, background: 'red' }, limitInputPixels: false }).png().toFile(${JSON.stringify(file('bomb.png'))})`,
      ],
      { cwd: process.cwd() },
    );
    const cases: [string, RegExp][] = [
      ['nobody.jpg', /expected one face, found none/],
      ['truncated.jpg', /expected a whole JPEG, PNG, WebP or TIFF picture, received one that cannot be decoded/],
      ['text.jpg', /cannot be decoded: text\.jpg/],
      ['bomb.png', /expected a picture of at most 25000000 pixels, received 400000000/],
      ['nowhere.jpg', /expected a photograph at nowhere\.jpg, found no readable file/],
    ];
    for (const [photo, text] of cases) {
      const answer = await run('identify', photo);
      expect(answer.stderr).toMatch(text);
      expect(answer.status).toBe(3);
    }
    const several = await run('enroll', 'Group', join(samples, 'sample3.jpg'));
    expect(several).toMatchObject({ status: 3, stderr: expect.stringContaining('expected one face, found 3') });
    expect((await run('people', 'show', 'Group')).status).toBe(3);
  });

  it('refuses a corrupt people file without generations and leaves every byte as it was', async () => {
    const other = await mkdtemp(join(tmpdir(), 'facelatch-corrupt-'));
    try {
      await writeFile(join(other, 'people.json'), '{"schema":1,"people":[]');
      await writeFile(join(other, 'facelatch.yaml'), `people:\n  file: ${join(other, 'people.json')}\n`);
      for (const args of [['people', 'list'], ['enroll', 'Ada', file('ada.jpg'), '--largest-face'], ['run']]) {
        const answer = await facelatch(other, args);
        expect(answer.status).toBe(5);
        expect(answer.stderr).toMatch(/expected an intact people file/);
      }
      expect(await readFile(join(other, 'people.json'), 'utf8')).toBe('{"schema":1,"people":[]');
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('names a wrong key of the configuration, its line and the nearest right one', async () => {
    await writeFile(file('bad.yaml'), 'door:\n  id: front\nacces:\n  threshold: 0.6\n');
    const answer = await run('config', 'check', '--config', 'bad.yaml');
    expect(answer.status).toBe(4);
    expect(answer.stderr).toContain('line 3: unknown key "acces"; did you mean "access"?');
    expect(await run('config', 'check')).toMatchObject({ status: 0, stdout: expect.stringContaining('correct') });
    // As a reload asks, whose journal is no place for a whole configuration.
    expect(await run('config', 'check', '--quiet')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect((await run('config', 'check', '--config', 'none.yaml')).status).toBe(4);
  });

  it('stops with a reason when the port of the broker is taken or the camera is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await writeFile(file('port.yaml'), `mqtt:\n  embeddedPort: ${port}\ncamera:\n  adapter: folder\n  path: .\n`);
    const taken = await run('run', '--config', 'port.yaml');
    expect(taken).toMatchObject({ status: 7, stderr: expect.stringContaining(`127.0.0.1:${port}`) });
    server.close();
    await writeFile(file('camera.yaml'), 'mqtt:\n  embeddedPort: 0\ncamera:\n  adapter: folder\n  path: no-such-folder\n');
    const missing = await run('run', '--config', 'camera.yaml');
    expect(missing).toMatchObject({ status: 7 });
    expect(missing.stdout + missing.stderr).toContain('no-such-folder');
  });

  it('examines the installation, and its exit status is that of the first part that is not well', async () => {
    await writeFile(file('well.yaml'), `mqtt:\n  embeddedPort: 0\ncamera:\n  adapter: folder\n  path: .\n`);
    const answer = await run('doctor', '--json', '--config', 'well.yaml');
    const report = JSON.parse(answer.stdout) as { healthy: boolean; findings: { part: string; well: boolean; detail: string }[] };
    expect(report.findings.filter(({ well }) => !well)).toEqual([]);
    expect(answer.status).toBe(0);
    const models = report.findings.filter(({ part }) => part.startsWith('model '));
    expect(models).toHaveLength(4);
    for (const { detail } of models) expect(detail).toMatch(/runs on cpu: \d+ nodes on CPUExecutionProvider/);
    // ffmpeg that finds no device leaves nothing but timers to wait for: the report must come all the same.
    await writeFile(file('device.yaml'), 'mqtt:\n  embeddedPort: 0\ncamera:\n  adapter: ffmpeg\n  input: /dev/video99\n');
    const away = await run('doctor', '--config', 'device.yaml');
    expect(away).toMatchObject({ status: 7, stdout: expect.stringContaining('FAIL camera') });
    const ill = await run('doctor', '--config', 'camera.yaml');
    expect(ill).toMatchObject({ status: 7, stdout: expect.stringContaining('Not well: camera.') });
  });

  it('answers wrong use with help, status 2, and the nearest command', async () => {
    expect(await run('idetify', 'x')).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean identify?') });
    expect((await run('enroll')).status).toBe(2);
    const told = await run('enroll', '--json');
    expect([told.status, JSON.parse(told.stderr)]).toEqual([
      2,
      { error: { code: 'WRONG_USE', message: "missing required argument 'name'" } },
    ]);
    expect((await run('--help')).status).toBe(0);
    expect((await run('completion', 'bash')).stdout).toContain('facelatch');
  });
});
